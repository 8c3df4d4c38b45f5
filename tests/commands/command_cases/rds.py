CASES: dict[str, list[str]] = {
    "rds list": [],
    "rds show": ["orders-db"],
    "rds endpoints": [],
    "rds start": ["archive-db"],
    "rds stop": ["orders-db"],
    "rds reboot": ["orders-db"],
    "rds wait": ["orders-db", "--state", "available"],
    "rds snapshots list": [],
    "rds snapshots create": ["orders-db", "{new}"],
    "rds snapshots delete": ["orders-db-before-upgrade"],
    "rds tags get": ["orders-db"],
    "rds tags set": ["orders-db", "team=ops"],
}
TAKE_AWAY = ["rds snapshots delete", "rds tags set"]
