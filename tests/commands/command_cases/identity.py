CASES: dict[str, list[str]] = {"identity whoami": []}
