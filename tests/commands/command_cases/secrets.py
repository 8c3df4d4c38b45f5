SAMPLE = "orders/database"

CASES: dict[str, list[str]] = {
    "secrets list": [],
    "secrets describe": [SAMPLE],
    "secrets get": [SAMPLE, "--field", "username"],
    "secrets versions": [SAMPLE],
    "secrets create": ["{new}", "--file", "{file}"],
    "secrets put": [SAMPLE, "--file", "{file}"],
    "secrets promote": ["orders/api-key", "AWSPREVIOUS"],
    "secrets delete": [SAMPLE],
    "secrets restore": ["orders/retired"],
    "secrets tags get": [SAMPLE],
    "secrets tags set": [SAMPLE, "team=ops"],
}
TAKE_AWAY = ["secrets put", "secrets promote", "secrets delete", "secrets tags set"]
