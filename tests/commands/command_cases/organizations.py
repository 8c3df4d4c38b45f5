CASES: dict[str, list[str]] = {
    "organizations accounts": ["/workloads", "--recursive"],
    "organizations ous": [],
}
