"""Trust, external ids, session policies and expiry, judged by an IAM that judges."""

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import botocore.session
import pytest
from botocore.config import Config

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_errors import AccessDenied, CredentialsProblem
from aws_interactions.credential_errors import ExpiredCredentials
from aws_interactions.s3_interactions import list_bucket_objects, list_buckets, put_file_to_bucket
from aws_interactions.sts_interactions import get_caller_identity
from tests.conformance.stage import (
    ANYTHING,
    OTHER_ACCOUNT,
    REGION,
    Account,
    fresh,
    policy,
    trust_in,
    variables_of,
)
from tests.support.program import run_program

EXTERNAL_ID = "partner-17"
# Each service has its own words for what is wrong with credentials.
READS = [
    "identity whoami",
    "organizations accounts",
    "iam can-i s3:GetObject",
    "s3 ls",
    "ec2 list",
    "dynamodb tables",
    "rds list",
    "secrets list",
]


def whoami(environment: dict[str, str], keys: AccessKeys, *arguments: str) -> CompletedProcess[str]:
    line = ["identity", "whoami", "--output", "json", *arguments]
    return run_program(line, {**environment, **variables_of(keys)})


def only_line(done: CompletedProcess[str]) -> str:
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stdout in {"", "[]\n"}
    return done.stderr


@pytest.fixture
def assuming_user(home_account: Account) -> tuple[str, AccessKeys]:
    """Give a user whom its own account lets assume any role; the roles' trust decides."""
    return home_account.make_user({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"})


def test_WHEN_a_role_is_assumed_AND_it_trusts_the_caller_THEN_calls_act_in_its_account(
    other_account: Account, assuming_user: tuple[str, AccessKeys], ministack_environment: dict[str, str]
) -> None:
    arn, keys = assuming_user
    role = other_account.make_role(trust_in(arn), ANYTHING)
    done = whoami(ministack_environment, keys, "--assume-role-arn", role)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["account"] == OTHER_ACCOUNT


def test_WHEN_a_role_is_assumed_AND_it_trusts_somebody_else_THEN_the_denial_names_role_and_action(
    home_account: Account,
    other_account: Account,
    assuming_user: tuple[str, AccessKeys],
    ministack_environment: dict[str, str],
) -> None:
    somebody_else, _ = home_account.make_user()
    role = other_account.make_role(trust_in(somebody_else), ANYTHING)
    done = whoami(ministack_environment, assuming_user[1], "--assume-role-arn", role)
    assert done.returncode == 4
    assert f"no permission for sts:AssumeRole on {role}" in only_line(done)


def test_WHEN_a_role_is_assumed_AND_the_callers_own_account_forbids_it_THEN_it_is_denied(
    home_account: Account, other_account: Account, ministack_environment: dict[str, str]
) -> None:
    arn, keys = home_account.make_user()
    role = other_account.make_role(trust_in(arn), ANYTHING)
    done = whoami(ministack_environment, keys, "--assume-role-arn", role)
    assert done.returncode == 4
    assert "sts:AssumeRole" in only_line(done)


@pytest.mark.parametrize(
    ("given", "exit_code"),
    [([], 4), (["--external-id", "somebody-else"], 4), (["--external-id", EXTERNAL_ID], 0)],
    ids=["missing", "wrong", "right"],
)
def test_WHEN_a_role_asks_for_an_external_id_THEN_only_the_right_one_gets_in(
    given: list[str],
    exit_code: int,
    other_account: Account,
    assuming_user: tuple[str, AccessKeys],
    ministack_environment: dict[str, str],
) -> None:
    arn, keys = assuming_user
    trust = trust_in(arn, StringEquals={"sts:ExternalId": EXTERNAL_ID})
    role = other_account.make_role(trust, ANYTHING)
    done = whoami(ministack_environment, keys, "--assume-role-arn", role, *given)
    assert done.returncode == exit_code, done.stderr
    if exit_code:
        assert "sts:AssumeRole" in only_line(done)


def test_WHEN_many_accounts_are_targets_AND_one_does_not_trust_the_caller_THEN_only_that_one_is_denied(
    home_account: Account,
    other_account: Account,
    assuming_user: tuple[str, AccessKeys],
    ministack_environment: dict[str, str],
) -> None:
    arn, keys = assuming_user
    name = fresh("fleet")
    home_account.make_role(trust_in(arn), ANYTHING, name=name)
    other_account.make_role(trust_in(home_account.make_user()[0]), ANYTHING, name=name)
    accounts = f"{home_account.number},{other_account.number}"
    done = whoami(ministack_environment, keys, "--accounts", accounts, "--role-name", name)
    assert done.returncode == 5, done.stderr
    assert [row["account"] for row in json.loads(done.stdout)] == [home_account.number]
    assert other_account.number in done.stderr
    assert "sts:AssumeRole" in done.stderr


def test_WHEN_roles_are_chained_AND_each_trusts_the_one_before_THEN_the_last_one_acts(
    home_account: Account,
    other_account: Account,
    assuming_user: tuple[str, AccessKeys],
    ministack_environment: dict[str, str],
) -> None:
    arn, keys = assuming_user
    first = home_account.make_role(trust_in(arn), ANYTHING)
    last = other_account.make_role(trust_in(first), ANYTHING)
    chain = ["--assume-role-arn", first, "--assume-role-arn", last]
    done = whoami(ministack_environment, keys, *chain)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["arn"].startswith(
        f"arn:aws:sts::{OTHER_ACCOUNT}:assumed-role/{last.rpartition('/')[2]}/"
    )


def test_WHEN_a_session_policy_is_given_THEN_the_session_may_do_no_more_than_it_says(
    home_account: Account, assuming_user: tuple[str, AccessKeys], tmp_path: Path
) -> None:
    arn, keys = assuming_user
    role = home_account.make_role(trust_in(arn), ANYTHING)
    bucket = fresh("bucket")
    home_account.root.get_s3().create_bucket(Bucket=bucket)
    file = tmp_path / "file.txt"
    file.write_text("content", encoding="utf-8")
    may_read = {"Effect": "Allow", "Action": ["s3:List*", "s3:Get*"], "Resource": "*"}
    hub = home_account.provider(keys)

    cut = hub.for_role(role, session_policy=policy(may_read))
    assert list(list_bucket_objects(bucket, cut)) == []
    with pytest.raises(AccessDenied) as denied:
        put_file_to_bucket(file, bucket, "key", cut)
    assert "s3:PutObject" in denied.value.iam_actions

    put_file_to_bucket(file, bucket, "key", hub.for_role(role))
    assert [found.key for found in list_bucket_objects(bucket, cut)] == ["key"]


def expired_session(account: Account) -> AccessKeys:
    """Return the keys of a session that was over when it began."""
    arn, keys = account.make_user({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"})
    sts: Any = botocore.session.Session().create_client(
        "sts",
        region_name=REGION,
        endpoint_url=account.endpoint_url,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        # AWS wants 900 seconds, and so would the client; ministack takes what it gets.
        config=Config(parameter_validation=False),
    )
    made = sts.assume_role(
        RoleArn=account.make_role(trust_in(arn), ANYTHING), RoleSessionName="over", DurationSeconds=0
    )["Credentials"]
    return AccessKeys(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


@pytest.mark.parametrize("line", READS)
def test_WHEN_credentials_have_expired_THEN_the_message_says_so_and_the_exit_code_is_3(
    line: str, home_account: Account, ministack_environment: dict[str, str]
) -> None:
    variables = variables_of(expired_session(home_account))
    done = run_program([*line.split(), "--yes"], {**ministack_environment, **variables})
    assert done.returncode == 3, done.stderr
    assert "expired" in only_line(done)


def test_WHEN_credentials_have_expired_AND_only_a_head_is_sent_THEN_the_message_says_that_it_may_be_so(
    home_account: Account, ministack_environment: dict[str, str]
) -> None:
    variables = variables_of(expired_session(home_account))
    done = run_program(["s3", "create", fresh("bucket"), "--yes"], {**ministack_environment, **variables})
    # S3's answer to a HEAD has no body, and so no code that tells.
    assert done.returncode == 4, done.stderr
    assert "expired credentials or a malformed name" in only_line(done)


def test_WHEN_the_library_is_used_AND_credentials_have_expired_THEN_it_raises_that(
    home_account: Account,
) -> None:
    aws_provider = home_account.provider(expired_session(home_account))
    with pytest.raises(CredentialsProblem, match="expired"):
        get_caller_identity(aws_provider)
    with pytest.raises(CredentialsProblem, match="expired"):
        list(list_buckets(aws_provider))


def test_WHEN_a_role_is_assumed_AND_the_callers_credentials_have_expired_THEN_it_raises_that(
    home_account: Account,
) -> None:
    role = home_account.make_role(trust_in(home_account.make_user()[0]), ANYTHING)
    aws_provider = home_account.provider(expired_session(home_account)).for_role(role)
    with pytest.raises(ExpiredCredentials):
        get_caller_identity(aws_provider)


@pytest.mark.parametrize("line", READS)
def test_WHEN_the_secret_key_is_wrong_THEN_it_is_a_credentials_problem_and_not_shown(
    line: str, operator: tuple[str, AccessKeys], ministack_environment: dict[str, str]
) -> None:
    wrong = AccessKeys(operator[1].access_key_id, "wrong/secret+key/of/forty/characters/000")
    done = run_program(line.split(), {**ministack_environment, **variables_of(wrong)})
    assert done.returncode == 3, done.stderr
    shown = only_line(done)
    assert "signature we calculated" in shown or "validate the provided access credentials" in shown
    assert wrong.secret_access_key not in done.stderr


@pytest.mark.parametrize("line", READS)
def test_WHEN_the_access_key_is_unknown_THEN_it_is_a_credentials_problem(
    line: str, ministack_environment: dict[str, str]
) -> None:
    unknown = AccessKeys("AKIAUNKNOWN000000000", "secret")
    done = run_program(line.split(), {**ministack_environment, **variables_of(unknown)})
    assert done.returncode == 3, done.stderr
    assert only_line(done)


@pytest.mark.parametrize("line", READS)
def test_WHEN_the_session_token_is_missing_THEN_it_is_a_credentials_problem(
    line: str,
    home_account: Account,
    assuming_user: tuple[str, AccessKeys],
    ministack_environment: dict[str, str],
) -> None:
    arn, keys = assuming_user
    role = home_account.make_role(trust_in(arn), ANYTHING)
    made = (
        home_account.provider(keys)
        .get_sts()
        .assume_role(RoleArn=role, RoleSessionName="whole")["Credentials"]
    )
    without = AccessKeys(made["AccessKeyId"], made["SecretAccessKey"])
    done = run_program(line.split(), {**ministack_environment, **variables_of(without)})
    assert done.returncode == 3, done.stderr
    assert only_line(done)


@pytest.mark.parametrize(
    ("action", "decision"),
    [("s3:GetObject", "allowed"), ("s3:PutObject", "implicit_deny"), ("s3:DeleteObject", "explicit_deny")],
)
def test_WHEN_an_assumed_role_asks_what_it_may_do_THEN_the_answer_is_that_of_the_role(
    action: str,
    decision: str,
    home_account: Account,
    assuming_user: tuple[str, AccessKeys],
    ministack_environment: dict[str, str],
) -> None:
    arn, keys = assuming_user
    may_ask = {
        "Effect": "Allow",
        "Action": ["iam:SimulatePrincipalPolicy", "iam:GetRole", "s3:GetObject"],
        "Resource": "*",
    }
    may_not = {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}
    role = home_account.make_role(trust_in(arn), may_ask, may_not)
    line = ["iam", "can-i", action, "--assume-role-arn", role, "--output", "json"]
    done = run_program(line, {**ministack_environment, **variables_of(keys)})
    assert done.returncode == 0, done.stderr
    assert [row["decision"] for row in json.loads(done.stdout)] == [decision]
