"""Sessions that are held to the changes they are for, by an IAM that judges session policies."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib import import_module
from itertools import count
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from botocore.exceptions import ClientError

import aws_operations
from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied
from aws_interactions.recorded_calls import read_recording
from aws_interactions.s3_interactions import (
    BucketStatus,
    destroy_bucket,
    get_bucket_status,
    get_bucket_tags,
    list_buckets,
    set_bucket_tags,
)
from aws_interactions.secrets_interactions import SecretValue
from aws_operations.applying import apply_changes
from aws_operations.changes import CHANGE_KINDS, Change, ChangeResult, ResultStatus
from aws_operations.dynamodb.changes import KeyAttribute, plan_create_table
from aws_operations.narrowing import apply_narrowed
from aws_operations.plan_permissions import permissions_of_change, session_policy
from aws_operations.rds.changes import plan_stop
from aws_operations.s3.changes import plan_destroy_bucket, plan_put, plan_rm, plan_set_tags
from aws_operations.secrets.changes import NewSecret, plan_create_secret
from aws_operations.secrets.held_values import HeldValue
from tests.conformance.stage import ANYTHING, Account, policy, trust_in, variables_of
from tests.kinds.stories import STORIES
from tests.kinds.stories.s3 import BUCKET, make, payload
from tests.kinds.stories.story import is_at_rest
from tests.support.emulators import Emulator
from tests.support.program import run_program

for _path in Path(next(iter(aws_operations.__path__))).glob("*/changes.py"):
    import_module(f"aws_operations.{_path.parent.name}.changes")

KINDS = sorted(CHANGE_KINDS)
LOOKING = re.compile(r"\w+:(BatchGet|Describe|Get|List|Query|Scan)\w+")
# ministack takes these calls to be about "*": it does not see tags' resources, nor snapshots by their names,
# nor what calls of DynamoDB name by something else than the name of a table.
ABOUT_EVERYTHING_THERE = {
    "dynamodb.delete-backup",
    "dynamodb.export-table",
    "dynamodb.import-table",
    "dynamodb.restore-table",
    "ec2.add-tags",
    "ec2.remove-tags",
    "rds.create-snapshot",
    "rds.delete-snapshot",
    "rds.set-tags",
}
# It gives the first version of a secret an id of its own, not the token of the call as AWS does, and does not
# tell of a table that it was restored.
NOT_UNDONE_THERE = {"secrets.create", "dynamodb.restore-table"}
OTHER_BUCKET = "narrowed-other-bucket"
_numbers = count(700000000001)


@pytest.fixture
def empty_account(ministack: Emulator) -> Iterator[Account]:
    """Give an account in which nothing is yet; its bucket goes again, as the name is everyone's."""
    account = Account(str(next(_numbers)), ministack.endpoint_url)
    yield account
    if get_bucket_status(BUCKET, account.root) is BucketStatus.EXISTS_HAVE_ACCESS:
        destroy_bucket(BUCKET, account.root)


@pytest.fixture
def role(
    empty_account: Account, operator: tuple[str, AccessKeys], home_account: Account
) -> AwsClientProvider:
    """Give a provider that acts as a role of that account which may do anything."""
    arn, keys = operator
    return home_account.provider(keys).for_role(empty_account.make_role(trust_in(arn), ANYTHING))


def planned(name: str, root: AwsClientProvider, role: AwsClientProvider) -> Change:
    STORIES[name].prepare(root)
    (change,) = STORIES[name].plan(role)
    return Change.from_json(change.to_json())


def result_of(change: Change, aws_provider: AwsClientProvider) -> ChangeResult:
    (result,) = apply_changes([change], lambda _: aws_provider)
    return result


def made_narrowed(change: Change, role: AwsClientProvider) -> ChangeResult:
    """Carry a change out with a session of its own."""
    if change.kind in ABOUT_EVERYTHING_THERE:
        actions = session_policy((action, "*") for action, _ in permissions_of_change(change))
        return result_of(change, role.narrowed_to(actions))
    (result,) = apply_narrowed([change], lambda _: role)
    return result


@pytest.mark.parametrize("name", KINDS)
def test_WHEN_a_kind_of_change_is_applied_AND_undone_THEN_what_its_session_may_do_suffices(
    name: str, empty_account: Account, role: AwsClientProvider
) -> None:
    change, story, invert = planned(name, empty_account.root, role), STORIES[name], CHANGE_KINDS[name].invert
    before = story.state(empty_account.root)
    result = made_narrowed(change, role)
    assert (result.status, result.error) == (ResultStatus.APPLIED, None)
    if story.nothing_tells is None:
        assert story.state(empty_account.root) != before
    if invert is None or name in NOT_UNDONE_THERE:
        return
    for inverse in list(invert(change, role.read_only())):
        result = made_narrowed(Change.from_json(inverse.to_json()), role)
        assert (result.status, result.error) == (ResultStatus.APPLIED, None)


@pytest.mark.parametrize("name", KINDS)
def test_WHEN_the_session_may_only_look_or_is_for_another_resource_THEN_aws_refuses_and_nothing_is_done(
    name: str, empty_account: Account, role: AwsClientProvider
) -> None:
    change, story = planned(name, empty_account.root, role), STORIES[name]
    before = story.state(empty_account.root)
    looking = [(action, "*") for action, _ in permissions_of_change(change) if LOOKING.fullmatch(action)]
    elsewhere = [
        (action, f"{resource}-other")
        for action, resource in permissions_of_change(change)
        if not LOOKING.fullmatch(action)
    ]
    for may_do in (looking, [*looking, *elsewhere]):
        result = result_of(change, role.narrowed_to(session_policy(may_do)))
        assert result.status is ResultStatus.FAILED
        assert isinstance(result.error, AccessDenied)
        assert not all(map(LOOKING.fullmatch, result.error.iam_actions))
        assert story.state(empty_account.root) == before


def filled_bucket(root: AwsClientProvider) -> None:
    s3 = root.get_s3()
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"first", b"second"):
        s3.put_object(Bucket=BUCKET, Key="key", Body=body)
    s3.delete_object(Bucket=BUCKET, Key="gone")
    s3.create_multipart_upload(Bucket=BUCKET, Key="unfinished")


def plan_new_object(role: AwsClientProvider) -> Iterable[Change]:
    return plan_put(payload(), BUCKET, "new key", role, overwrite=False)


def cluster(root: AwsClientProvider) -> None:
    root.get_rds().create_db_cluster(
        DBClusterIdentifier="orders",
        Engine="aurora-postgresql",
        MasterUsername="orders",
        MasterUserPassword="correct-horse",
    )


def plan_tagged_secret(role: AwsClientProvider) -> Iterable[Change]:
    held = HeldValue.of(SecretValue("a-value"))
    return plan_create_secret("orders/new-secret", held, role, new=NewSecret(tags={"team": "web"}))


@pytest.mark.parametrize(
    ("prepare", "plan"),
    [
        (filled_bucket, partial(plan_destroy_bucket, BUCKET)),
        (filled_bucket, partial(plan_set_tags, BUCKET, "key", {"team": "ops"})),
        (filled_bucket, plan_new_object),
        (is_at_rest, partial(plan_create_table, "new", [KeyAttribute("id", "S")], tags={"team": "web"})),
        (is_at_rest, plan_tagged_secret),
        (cluster, partial(plan_stop, ["orders"], kind="cluster")),
    ],
    ids=["full bucket", "object tags", "new object", "tagged table", "tagged secret", "cluster"],
)
def test_WHEN_a_kind_has_another_form_THEN_what_its_session_may_do_suffices_for_that_too(
    prepare: Callable[[AwsClientProvider], None],
    plan: Callable[[AwsClientProvider], Iterable[Change]],
    empty_account: Account,
    role: AwsClientProvider,
) -> None:
    prepare(empty_account.root)
    (change,) = plan(role)
    (result,) = apply_narrowed([change], lambda _: role)
    assert (result.status, result.error) == (ResultStatus.APPLIED, None)


def test_WHEN_a_session_is_for_one_change_THEN_no_other_call_of_its_holder_gets_through(
    empty_account: Account, role: AwsClientProvider
) -> None:
    root = empty_account.root
    change = planned("s3.set-tags", root, role)
    root.get_s3().create_bucket(Bucket=OTHER_BUCKET)
    narrowed = role.narrowed_to(session_policy(permissions_of_change(change)))
    set_bucket_tags(BUCKET, {"team": "ops"}, narrowed)
    with pytest.raises(AccessDenied):
        set_bucket_tags(OTHER_BUCKET, {"team": "ops"}, narrowed)
    with pytest.raises(AccessDenied):
        list(list_buckets(narrowed))
    with pytest.raises(ClientError) as denied:
        narrowed.get_s3().delete_bucket(Bucket=BUCKET)
    assert denied.value.response["Error"]["Code"] == "AccessDenied"
    assert get_bucket_status(BUCKET, root) is BucketStatus.EXISTS_HAVE_ACCESS
    assert get_bucket_tags(OTHER_BUCKET, root) == {}
    destroy_bucket(OTHER_BUCKET, root)


def policies_in(recording: Path) -> list[str]:
    """Return the session policies that roles were assumed with, in order; empty for none."""
    calls = [call for call in read_recording(recording) if call.operation == "AssumeRole"]
    return [call.parameters.get("Policy", "") for call in calls]


def test_WHEN_a_plan_file_is_applied_AND_gone_on_with_THEN_its_role_is_held_to_what_is_left_of_it(
    empty_account: Account,
    operator: tuple[str, AccessKeys],
    ministack_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    root, (arn, keys) = empty_account.root, operator
    make(root)
    for key in ("one", "two"):
        root.get_s3().put_object(Bucket=BUCKET, Key=key, Body=b"content")
    role = empty_account.make_role(trust_in(arn), ANYTHING)
    environment = {**ministack_environment, **variables_of(keys)}

    def program(*words: str) -> CompletedProcess[str]:
        return run_program(words, environment, cwd=tmp_path)

    iam, where = root.get_iam(), {"RoleName": role.rpartition("/")[2], "PolicyName": "not yet"}
    not_yet = {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}
    plan = ["s3", "rm", BUCKET, "one", "--assume-role-arn", role, "--plan-out", "the.plan"]
    assert program(*plan).returncode == 0
    iam.put_role_policy(**where, PolicyDocument=policy(not_yet))
    denied = program("apply", "the.plan", "--yes", "--record", "calls.jsonl")
    assert denied.returncode == 4, denied.stderr
    iam.delete_role_policy(**where)
    done = program("runs", "resume", "last", "--failed", "--yes", "--log-level", "info")
    assert done.returncode == 0, done.stderr

    (held,) = policies_in(tmp_path / "calls.jsonl")
    assert f"arn:aws:s3:::{BUCKET}/one" in held
    assert "s3:DeleteObject" in held
    # The role's whole session is kept on disk: this one is another.
    assert done.stderr.count(f"got credentials of {role}") == 1
    assert "all that the role may do" not in denied.stderr + done.stderr
    assert s3_keys(root) == ["two"]


def s3_keys(root: AwsClientProvider) -> list[str]:
    return [found["Key"] for found in root.get_s3().list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def test_WHEN_a_plan_needs_several_sessions_THEN_each_suffices_for_its_part(
    empty_account: Account, role: AwsClientProvider
) -> None:
    s3 = empty_account.root.get_s3()
    s3.create_bucket(Bucket=BUCKET)
    keys = [f"a folder/a rather long name of an object + more {number:03}.txt" for number in range(60)]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"content")
    changes = [Change.from_json(change.to_json()) for change in plan_rm(BUCKET, keys, role)]
    results = list(apply_narrowed(changes, lambda _: role))
    assert [result.status for result in results] == [ResultStatus.APPLIED] * 60
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
