"""What is fixed about every sandbox: its accounts, regions, role and keys. None of it is secret."""

HOME_ACCOUNT = "123456789012"
MEMBER_ACCOUNTS = ("111122223333", "444455556666")
ACCOUNTS = (HOME_ACCOUNT, *MEMBER_ACCOUNTS)
REGIONS = ("us-east-1", "eu-west-1")
ROLE_NAME = "operator"

HOME_ACCESS_KEY_ID = "sandbox-home"
HOME_SECRET_ACCESS_KEY = "sandbox-home-secret"  # noqa: S105 - fake by design, the server checks no signature

HOST = "127.0.0.1"
HEALTH_PATH = "/_sandbox/health"  # an underscore cannot begin a bucket name, so no bucket is hidden
"""Answers 200 once the journal is replayed, 503 before, both with a JSON document."""
