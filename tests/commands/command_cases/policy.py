CASES: dict[str, list[str]] = {
    "policy check": ["{file}"],
}
NOT_IN_THE_SANDBOX: dict[str, str] = {
    "policy check": "moto has no SimulatePrincipalPolicy: the sandbox answers 501",
}
