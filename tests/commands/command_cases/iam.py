CASES: dict[str, list[str]] = {
    "iam can-i": ["s3:GetObject", "--as", "arn:aws:iam::123456789012:role/operator"],
}
NOT_IN_THE_SANDBOX: dict[str, str] = {
    "iam can-i": "moto has no SimulatePrincipalPolicy: the sandbox answers 501",
}
