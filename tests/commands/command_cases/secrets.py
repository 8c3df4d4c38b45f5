SAMPLE = "orders/database"

CASES: dict[str, list[str]] = {
    "secrets list": [],
    "secrets describe": [SAMPLE],
    "secrets get": [SAMPLE, "--field", "username"],
    "secrets versions": [SAMPLE],
    "secrets tags get": [SAMPLE],
}
TAKE_AWAY: list[str] = []
