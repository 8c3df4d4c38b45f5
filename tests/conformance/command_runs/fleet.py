from tests.conformance.stage import (
    ANYTHING,
    HOME_ACCOUNT,
    OTHER_ACCOUNT,
    REGION,
    Account,
    Stage,
    fresh,
    runs,
    trust_in,
)


def other_account(stage: Stage) -> Account:
    return Account(OTHER_ACCOUNT, stage.environment["AWS_ENDPOINT_URL"])


@runs("fleet show")
def show(stage: Stage) -> None:
    made = stage.root.get_organizations().create_account(Email="a@example.com", AccountName=fresh("account"))
    account = made["CreateAccountStatus"]["AccountId"]
    rows = stage.rows("--all-accounts", "--role-name", "nobody-assumes-it", "--regions", "all")
    assert {HOME_ACCOUNT, account} <= {row["account"] for row in rows}
    assert {row["region"] for row in rows} == {"all"}


@runs("fleet check")
def check(stage: Stage) -> None:
    (me,) = stage.rows(words="identity whoami")
    name = fresh("role")
    other_account(stage).make_role(trust_in(me["arn"]), ANYTHING, name=name)
    both = ["--accounts", f"{HOME_ACCOUNT},{OTHER_ACCOUNT}", "--role-name", name, "--regions", REGION]
    denied, entered = stage.rows(*both, exit_code=5)
    assert (denied["account"], denied["result"]) == (HOME_ACCOUNT, "denied")
    assert "sts:AssumeRole" in denied["detail"]
    assert (entered["account"], entered["result"]) == (OTHER_ACCOUNT, "ok")
    assert f":{OTHER_ACCOUNT}:assumed-role/{name}/" in entered["arn"]


@runs("fleet list")
def list_(stage: Stage) -> None:
    config = stage.folder / "config.toml"
    config.write_text('[fleet.workloads]\nous = ["/workloads"]\nregions = "eu-*"\n')
    (row,) = stage.rows("--config", str(config))
    assert (row["fleet"], row["ous"], row["regions"]) == ("workloads", ["/workloads"], ["eu-*"])
