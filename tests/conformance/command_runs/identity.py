from tests.conformance.stage import HOME_ACCOUNT, REGION, Stage, runs


@runs("identity whoami")
def whoami(stage: Stage) -> None:
    (row,) = stage.rows()
    assert (row["account"], row["region"]) == (HOME_ACCOUNT, REGION)
    assert row["arn"].startswith(f"arn:aws:iam::{HOME_ACCOUNT}:user/")
