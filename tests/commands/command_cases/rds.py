CASES: dict[str, list[str]] = {
    "rds list": [],
    "rds show": ["orders-db"],
}
