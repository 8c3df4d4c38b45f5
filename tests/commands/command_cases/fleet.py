_EVERYWHERE = ["--all-accounts", "--role-name", "operator", "--regions", "us-east-1,eu-west-1"]

CASES: dict[str, list[str]] = {
    "fleet show": _EVERYWHERE,
    "fleet check": _EVERYWHERE,
    "fleet list": [],
}
