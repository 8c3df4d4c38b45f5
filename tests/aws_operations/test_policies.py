"""Policies from recordings."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from aws_interactions.call_permissions import Permission
from aws_interactions.recorded_calls import NotARecording
from aws_operations.policies import (
    LARGEST_MANAGED_POLICY,
    IdentityToChoose,
    NothingToAllow,
    policy_document,
    policy_from,
)
from tests.support.recordings import call_line, write_recording

BASE = "the default credentials"
ROLE = "arn:aws:iam::111122223333:role/operator"
OTHER_ROLE = "arn:aws:iam::444455556666:role/operator"


def statements(document: str) -> list[tuple[list[str], list[str]]]:
    parsed = json.loads(document)
    assert parsed["Version"] == "2012-10-17"
    assert all(each["Effect"] == "Allow" for each in parsed["Statement"])
    return [(each["Action"], each["Resource"]) for each in parsed["Statement"]]


def assumption(role: str) -> Mapping[str, Any]:
    return call_line("sts", "AssumeRole", {"RoleArn": role}, resources=[role], identity=BASE, account=None)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return tmp_path / "calls.jsonl"


def test_WHEN_calls_were_recorded_THEN_the_policy_has_their_actions_on_their_resources(
    recording: Path,
) -> None:
    write_recording(
        recording,
        call_line("s3", "PutObject", {"Bucket": "b", "Key": "k"}, resources=["arn:aws:s3:::b/k"]),
        call_line("s3", "ListBuckets", {}, resources=["*"]),
        call_line("s3", "HeadObject", {"Bucket": "b", "Key": "k"}, resources=["arn:aws:s3:::b/k"]),
        call_line("s3", "PutObject", {"Bucket": "b", "Key": "k"}, resources=["arn:aws:s3:::b/k"]),
        call_line("ec2", "DescribeInstances", {}, resources=["*"]),
        call_line("sts", "GetCallerIdentity", {}, resources=["*"]),
    )
    made = policy_from(recording)
    assert statements(made.document) == [
        (["ec2:DescribeInstances"], ["*"]),
        (["s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::b/k"]),
        (["s3:ListAllMyBuckets"], ["*"]),
    ]
    assert made.identities == (BASE,)
    assert made.others == made.denied == made.guessed == made.keys == ()


def permissions(*pairs: tuple[str, str]) -> list[Permission]:
    return [Permission(action, resource) for action, resource in pairs]


@pytest.mark.parametrize(
    ("needed", "expected"),
    [
        # What a wider resource of the same action covers
        (
            permissions(("rds:DescribeDBInstances", "a:db:*"), ("rds:DescribeDBInstances", "a:db:x")),
            [(["rds:DescribeDBInstances"], ["a:db:*"])],
        ),
        # Not of another action
        (
            permissions(("rds:DescribeDBInstances", "a:db:*"), ("rds:StopDBInstance", "a:db:x")),
            [(["rds:DescribeDBInstances"], ["a:db:*"]), (["rds:StopDBInstance"], ["a:db:x"])],
        ),
        # An asterisk in a key is none
        (
            permissions(("s3:GetObject", "b/${*}"), ("s3:GetObject", "b/x")),
            [(["s3:GetObject"], ["b/${*}", "b/x"])],
        ),
        # No statement of two services
        (
            permissions(("ec2:DescribeVpcs", "*"), ("dynamodb:ListTables", "*")),
            [(["dynamodb:ListTables"], ["*"]), (["ec2:DescribeVpcs"], ["*"])],
        ),
        # A secret by its name and by its ARN
        (
            permissions(
                ("secretsmanager:DescribeSecret", "arn:aws:secretsmanager:r:1:secret:db-??????"),
                ("secretsmanager:PutSecretValue", "arn:aws:secretsmanager:r:1:secret:db-AbCd12"),
                ("secretsmanager:PutSecretValue", "arn:aws:secretsmanager:r:1:secret:web-AbCd12"),
            ),
            [
                (
                    ["secretsmanager:DescribeSecret", "secretsmanager:PutSecretValue"],
                    ["arn:aws:secretsmanager:r:1:secret:db-??????"],
                ),
                (["secretsmanager:PutSecretValue"], ["arn:aws:secretsmanager:r:1:secret:web-AbCd12"]),
            ],
        ),
    ],
)
def test_WHEN_a_policy_is_made_THEN_it_says_it_once_AND_allows_nothing_else(
    needed: list[Permission], expected: list[tuple[list[str], list[str]]]
) -> None:
    assert statements(policy_document(needed)) == expected
    assert policy_document(reversed(needed)) == policy_document(needed)


def test_WHEN_many_objects_need_two_actions_AND_one_a_single_one_THEN_no_ARN_stands_there_twice() -> None:
    keys = [f"arn:aws:s3:::bucket/{number}" for number in range(50)]
    needed = [Permission("s3:GetObject", key) for key in keys]
    needed += [Permission("s3:PutObject", key) for key in keys[1:]]
    document = policy_document(needed)
    assert all(document.count(f'"{key}"') == 1 for key in keys)
    allowed = {
        (action, resource)
        for actions, resources in statements(document)
        for action in actions
        for resource in resources
    }
    assert allowed == {(each.action, each.resource) for each in needed}


def test_WHEN_many_names_end_in_what_no_policy_may_hold_THEN_the_policy_is_there_soon() -> None:
    needed = [Permission("s3:PutObject", f"arn:aws:s3:::bucket/{number:05d}-*") for number in range(20_000)]
    covered = [Permission("s3:PutObject", "arn:aws:s3:::bucket/00007-more")]

    began = time.process_time()
    ((_, resources),) = statements(policy_document([*needed, *covered]))

    assert resources == [each.resource for each in needed]
    # Each compared with each took twenty seconds.
    assert time.process_time() - began < 5


def test_WHEN_a_name_has_control_characters_THEN_the_terminal_gets_none_AND_the_policy_has_them() -> None:
    key = "arn:aws:s3:::bucket/\x9b31m\x7f-é"
    document = policy_document([Permission("s3:GetObject", key)])

    assert "é" in document
    assert not any("\x7f" <= character <= "\x9f" for character in document)
    assert statements(document) == [(["s3:GetObject"], [key])]


def test_WHEN_the_account_came_to_be_known_later_THEN_the_first_calls_have_it_too(recording: Path) -> None:
    table = "arn:aws:dynamodb:eu-west-1:{}:table/orders"
    get = ("dynamodb", "GetItem", {"TableName": "orders"})
    write_recording(recording, call_line(*get, resources=[table.format("*")], account=None))
    assert statements(policy_from(recording).document) == [(["dynamodb:GetItem"], [table.format("*")])]
    write_recording(
        recording,
        call_line(*get, resources=[table.format("*")], account=None),
        call_line("dynamodb", "Scan", {"TableName": "orders"}, resources=[table.format("123456789012")]),
    )
    (only,) = statements(policy_from(recording).document)
    assert only == (["dynamodb:GetItem", "dynamodb:Scan"], [table.format("123456789012")])


@pytest.mark.parametrize(
    ("account", "written", "of_any_account"),
    [
        (None, ["arn:aws:dynamodb:eu-west-1:*:table/t"], True),
        ("1", ["arn:aws:dynamodb:eu-west-1:1:table/t"], False),
    ],
)
def test_WHEN_the_account_is_never_known_THEN_the_policy_says_that_it_is_of_any(
    recording: Path, account: str | None, written: list[str], of_any_account: bool
) -> None:
    table = call_line(
        "dynamodb", "GetItem", {}, resources=["arn:aws:dynamodb:eu-west-1:*:table/t"], account=None
    )
    bucket = call_line("s3", "HeadBucket", {}, resources=["arn:aws:s3:::logs"], account=account)
    write_recording(recording, table, bucket)

    made = policy_from(recording)

    assert (["dynamodb:GetItem"], written) in statements(made.document)
    assert made.of_any_account is of_any_account


def test_WHEN_a_role_was_assumed_THEN_its_policy_comes_AND_that_of_who_assumed_it_when_asked_for(
    recording: Path,
) -> None:
    write_recording(
        recording,
        call_line("sts", "GetCallerIdentity", {}, resources=["*"]),
        assumption(ROLE),
        call_line("ec2", "DescribeInstances", {}, resources=["*"], identity=ROLE, account="111122223333"),
    )
    made = policy_from(recording)
    assert statements(made.document) == [(["ec2:DescribeInstances"], ["*"])]
    assert (made.identities, made.others) == ((ROLE,), (BASE,))
    of_base = policy_from(recording, BASE)
    assert statements(of_base.document) == [(["sts:AssumeRole"], [ROLE])]


def test_WHEN_several_acted_THEN_one_has_to_be_chosen_AND_a_pattern_takes_them_together(
    recording: Path,
) -> None:
    write_recording(
        recording,
        assumption(ROLE),
        assumption(OTHER_ROLE),
        call_line("ec2", "DescribeInstances", {}, resources=["*"], identity=ROLE),
        call_line("ec2", "DescribeVpcs", {}, resources=["*"], identity=OTHER_ROLE),
    )
    with pytest.raises(IdentityToChoose, match="--identity") as refused:
        policy_from(recording)
    assert all(name in str(refused.value) for name in (BASE, ROLE, OTHER_ROLE))
    assert statements(policy_from(recording, OTHER_ROLE).document) == [(["ec2:DescribeVpcs"], ["*"])]
    both = policy_from(recording, "arn:aws:iam::*:role/operator")
    assert statements(both.document) == [(["ec2:DescribeInstances", "ec2:DescribeVpcs"], ["*"])]
    assert both.others == (BASE,)
    with pytest.raises(IdentityToChoose, match="nobody"):
        policy_from(recording, "arn:aws:iam::*:role/absent")


@pytest.mark.parametrize("path", ["", "teams/ops/"])
def test_WHEN_a_session_is_named_THEN_the_policy_is_that_of_its_role(recording: Path, path: str) -> None:
    role = f"arn:aws:iam::111122223333:role/{path}operator"
    write_recording(
        recording,
        call_line("ec2", "DescribeInstances", {}, resources=["*"], identity=role),
        call_line("ec2", "DescribeVpcs", {}, resources=["*"], identity=OTHER_ROLE),
    )
    made = policy_from(recording, "arn:aws:sts::111122223333:assumed-role/operator/manage-resources")
    assert (made.identities, made.others) == ((role,), (OTHER_ROLE,))
    with pytest.raises(IdentityToChoose, match="nobody"):
        policy_from(recording, "arn:aws:sts::111122223333:assumed-role/other/manage-resources")


def test_WHEN_a_call_was_denied_THEN_it_is_in_the_policy_AND_that_is_said(recording: Path) -> None:
    denied = {"outcome": "error", "status": 403}
    write_recording(
        recording,
        call_line("s3", "HeadBucket", {}, resources=["arn:aws:s3:::b"], code="403", **denied),
        call_line("ec2", "DescribeVpcs", {}, resources=["*"], code="UnauthorizedOperation", **denied),
        call_line("ec2", "DescribeTags", {}, resources=["*"], code="RequestExpired", **denied),
    )
    made = policy_from(recording)
    assert made.denied == ("ec2 DescribeVpcs", "s3 HeadBucket")
    assert "s3:ListBucket" in made.document


def test_WHEN_no_table_knows_an_operation_THEN_its_action_is_called_a_guess(recording: Path) -> None:
    write_recording(recording, call_line("s3", "GetBucketAcl", {}, resources=["*"]))
    made = policy_from(recording)
    assert made.guessed == ("s3 GetBucketAcl",)
    assert statements(made.document) == [(["s3:GetBucketAcl"], ["*"])]


def test_WHEN_a_name_is_in_letters_that_no_policy_may_hold_THEN_it_says_what_it_allows_instead(
    recording: Path,
) -> None:
    keys = ("фото", "plain*", "café")
    arns = [f"arn:aws:s3:::logs/{key}" for key in keys]
    lines = [call_line("s3", "PutObject", {"Bucket": "logs"}, resources=[arn]) for arn in arns]
    write_recording(recording, *lines)

    made = policy_from(recording)

    assert made.widened == ("arn:aws:s3:::logs/*",)


def test_WHEN_a_policy_is_larger_than_IAM_takes_THEN_its_size_says_so(recording: Path) -> None:
    keys = [f"reports/{number:04}/a b.csv" for number in range(200)]
    lines = [
        call_line("s3", "PutObject", {"Bucket": "b", "Key": key}, resources=[f"arn:aws:s3:::b/{key}"])
        for key in keys
    ]
    write_recording(recording, *lines)
    made = policy_from(recording)
    assert made.size > LARGEST_MANAGED_POLICY
    assert made.size == len("".join(made.document.split()))
    write_recording(recording, *lines[:20])
    assert policy_from(recording).size < LARGEST_MANAGED_POLICY


@pytest.mark.parametrize("lines", [[], [call_line("sts", "GetCallerIdentity", {}, resources=["*"])]])
def test_WHEN_nothing_needs_a_permission_THEN_there_is_no_policy(
    recording: Path, lines: Sequence[Mapping[str, Any]]
) -> None:
    write_recording(recording, *lines)
    with pytest.raises(NothingToAllow) as refused:
        policy_from(recording)
    assert refused.value.file_path == recording


def test_WHEN_the_file_is_no_recording_THEN_that_is_the_error(tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("nothing of the kind\n", encoding="utf-8")
    with pytest.raises(NotARecording):
        policy_from(other)
