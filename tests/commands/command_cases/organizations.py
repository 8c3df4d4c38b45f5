CASES: dict[str, list[str]] = {
    "organizations accounts": ["--ou", "/workloads", "--recursive"],
    "organizations ous": [],
}
