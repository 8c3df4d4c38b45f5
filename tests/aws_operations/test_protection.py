"""What is protected by account, region, name, tag and place of deletion."""

import string

import pytest
from hypothesis import given, strategies as st

from aws_operations.changes import Change, Effect, JsonObject, Reversibility
from aws_operations.protection import (
    Place,
    Protection,
    is_like,
    list_against_deleting,
    protecting_account,
    protecting_name,
    protecting_tag,
    why_no_deletion,
    why_region_is_protected,
)
from aws_operations.resource_names import names_of, own_name
from aws_operations.targets import Target

HERE = Target("eu-west-1", "123456789012")
INSTANCE = "arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc"
ITEM = 'arn:aws:dynamodb:eu-west-1:123456789012:table/orders {"id":"a prod b"}'
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-x-AbC123"
NEW_SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db"


def change(
    resource: str, *, effect: Effect = Effect.UPDATE, before: JsonObject | None = None, target: Target = HERE
) -> Change:
    return Change(
        kind="test.set",
        target=target,
        resource=resource,
        effect=effect,
        before=before,
        after={"value": 2},
        iam_actions=(),
        reversibility=Reversibility.REVERSIBLE,
    )


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("arn:aws:s3:::logs", "logs"),
        ("arn:aws:s3:::logs/2024/a:b.txt", "logs/2024/a:b.txt"),
        (INSTANCE, "i-0abc"),
        ("arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:nightly", "nightly"),
        (ITEM, 'orders {"id":"a prod b"}'),
        (SECRET, "prod/db-x"),
        (NEW_SECRET, "prod/db"),
        ("i-0abc", "i-0abc"),
        ("arn:aws:s3:::logs/new\nline", "logs/new\nline"),
    ],
)
def test_WHEN_a_resource_is_named_THEN_it_is_by_what_people_call_it(resource: str, name: str) -> None:
    assert own_name(resource) == name


def test_WHEN_a_secret_is_yet_to_be_made_THEN_its_name_has_no_suffix_of_aws_to_be_left_out() -> None:
    resource = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod-orders"
    protection = Protection(names=("prod",))

    assert protecting_name(protection, change(resource, effect=Effect.CREATE)) is None
    assert protecting_name(protection, change(resource)) == "prod"
    assert names_of(change(resource, effect=Effect.CREATE)) == ("prod-orders",)


@pytest.mark.parametrize(
    ("resource", "pattern"),
    [
        ("arn:aws:s3:::shop-prod-logs/k", "*-prod-*"),
        ("arn:aws:s3:::shop-PROD-logs", "*-prod-*"),
        ("arn:aws:s3:::logs/a/b", "a/b"),
        ("arn:aws:s3:::logs/a/b", "logs/*"),
        ("arn:aws:s3:::logs/a/b", "logs"),
        ("arn:aws:s3:::logs/arn:prod", "arn:prod"),
        ("arn:aws:s3:::logs/a\nprod", "*prod"),
        ("arn:aws:s3:::logs/\x1b[2Jprod", "*prod"),
        (INSTANCE, "i-0ABC"),
        (INSTANCE, "arn:aws:ec2:*:123456789012:*"),
        (ITEM, "orders"),
        (ITEM, "*prod*"),
        (SECRET, "prod/db-x"),
        (SECRET, "prod/db-x-AbC123"),
        (SECRET, "prod/*"),
        (NEW_SECRET, "prod/db"),
        ("arn:aws:rds:eu-west-1:123456789012:db:orders-db", "orders-??"),
    ],
)
def test_WHEN_a_name_is_like_a_pattern_THEN_it_is_protected(resource: str, pattern: str) -> None:
    assert protecting_name(Protection(names=("other", pattern)), change(resource)) == pattern


@pytest.mark.parametrize(
    ("resource", "pattern"),
    [
        ("arn:aws:s3:::logs/a", "log"),
        (INSTANCE, "instance"),
        (INSTANCE, "*123456789012*"),
        (INSTANCE, "*ec2*"),
        ("arn:aws:s3:::logs/a", "arn:aws:ec2:*"),
        (ITEM, "order"),
    ],
)
def test_WHEN_a_name_is_not_like_a_pattern_THEN_it_is_free(resource: str, pattern: str) -> None:
    assert protecting_name(Protection(names=(pattern,)), change(resource)) is None


def test_WHEN_an_instance_was_planned_with_its_name_THEN_that_counts_AND_an_items_attribute_does_not() -> (
    None
):
    protection = Protection(names=("web-prod*",))
    named: JsonObject = {"name": "web-prod-1"}

    assert protecting_name(protection, change(INSTANCE, before=named)) == "web-prod*"
    assert protecting_name(protection, change("i-0abc", before=named)) == "web-prod*"
    assert protecting_name(protection, change(ITEM, before=named)) is None
    assert names_of(change(INSTANCE, before={"name": None})) == ("i-0abc",)


@pytest.mark.parametrize(
    ("tags", "pattern"),
    [
        ({"env": "prod"}, "env"),
        ({"Env": "Prod"}, "env=prod"),
        ({"env": "production"}, "env=prod*"),
        ({"a=b": "c"}, "a=b"),
        ({"a": "b=c"}, "a=b=c"),
        ({"a=b": "c"}, "a=b=c"),
        ({"keep": ""}, "keep"),
        ({"keep": ""}, "keep="),
        ({"x": "1", "team:prod": "y"}, "team:*"),
        ({"note": "line\nprod"}, "note=*prod"),
    ],
)
def test_WHEN_a_tag_is_like_what_protects_THEN_it_does(tags: dict[str, str], pattern: str) -> None:
    assert protecting_tag(Protection(tags=(pattern,)), tags) == pattern


@pytest.mark.parametrize(
    ("tags", "pattern"), [({}, "env"), ({"env": "dev"}, "env=prod"), ({"environment": "prod"}, "env=prod")]
)
def test_WHEN_no_tag_protects_THEN_it_is_free(tags: dict[str, str], pattern: str) -> None:
    assert protecting_tag(Protection(tags=(pattern,)), tags) is None


def test_WHEN_the_arn_names_another_account_and_region_THEN_they_count_as_well() -> None:
    place = Place.of(change("arn:aws:dynamodb:us-east-1:111122223333:table/orders"))

    assert protecting_account(Protection(accounts=("111122223333",)), place) == "111122223333"
    assert protecting_account(Protection(accounts=("123456789012",)), place) == "123456789012"
    assert protecting_account(Protection(accounts=("444455556666",)), place) is None
    by_pattern = why_region_is_protected(Protection(regions=("us-*",)), place)
    assert by_pattern == "us-east-1 is protected by 'us-*'"
    by_name = why_region_is_protected(Protection(regions=("eu-west-1",)), place)
    assert by_name == "eu-west-1 is protected by 'eu-west-1'"
    by_all = why_region_is_protected(Protection(regions=("all",)), place)
    assert by_all == "eu-west-1 and us-east-1 are protected by 'all'"
    assert why_region_is_protected(Protection(regions=("ap-*",)), place) is None


@pytest.mark.parametrize(
    ("lists", "is_allowed"),
    [
        ((), True),
        ((("123456789012",),), True),
        ((("eu-*",),), True),
        ((("123456789012", "111122223333", "eu-*", "us-east-1"),), True),
        ((("123456789012", "us-east-1"),), False),
        ((("111122223333", "eu-west-1"),), False),
        ((("123456789012",), ("111122223333",)), False),
        ((("123456789012",), ("eu-west-1",)), True),
        (((),), False),
    ],
)
def test_WHEN_something_is_deleted_THEN_each_list_must_allow_it(
    lists: tuple[tuple[str, ...], ...], is_allowed: bool
) -> None:
    deletion = change(INSTANCE, effect=Effect.DESTROY)

    against = list_against_deleting(Protection(delete_only_in=lists), deletion, Place.of(deletion))

    assert (against is None) is is_allowed


def test_WHEN_deleting_reaches_into_another_account_THEN_that_must_be_allowed_too() -> None:
    deletion = change("arn:aws:dynamodb:eu-west-1:111122223333:table/x", effect=Effect.DESTROY)
    place = Place.of(deletion)

    only_here = Protection(delete_only_in=(("123456789012",),))
    both = Protection(delete_only_in=(("123456789012", "111122223333"),))
    assert list_against_deleting(only_here, deletion, place) == ("123456789012",)
    assert list_against_deleting(both, deletion, place) is None


@pytest.mark.parametrize(
    ("allowed", "why"),
    [
        (
            ("123456789012", "us-*"),
            "deletion is allowed only in account 123456789012 and region us-*, and this is in eu-west-1",
        ),
        (
            ("111122223333", "us-*", "eu-*"),
            "deletion is allowed only in account 111122223333 and region us-* or eu-*, and this is in HERE",
        ),
        (("us-east-1",), "deletion is allowed only in region us-east-1, and this is in eu-west-1"),
        ((), "deletion is allowed only in no place, and this is in 123456789012 and eu-west-1"),
    ],
)
def test_WHEN_a_list_does_not_allow_it_THEN_it_is_said_what_it_allows_AND_where_this_is(
    allowed: tuple[str, ...], why: str
) -> None:
    assert why_no_deletion(allowed, Place(("123456789012",), ("eu-west-1",))) == why.replace(
        "HERE", "account 123456789012"
    )


def test_WHEN_nothing_is_deleted_THEN_no_list_is_against_it() -> None:
    nowhere = Protection(delete_only_in=((),))

    assert list_against_deleting(nowhere, change(INSTANCE), Place.of(change(INSTANCE))) is None


NAMES = st.text(string.printable, min_size=1, max_size=20)


@given(before=NAMES, middle=NAMES, after=NAMES)
def test_WHEN_a_pattern_is_a_part_between_stars_THEN_every_name_with_it_is_protected(
    before: str, middle: str, after: str
) -> None:
    escaped = "".join(f"[{sign}]" if sign in "*?[" else sign for sign in middle)

    assert is_like(before + middle + after, f"*{escaped}*")
    assert is_like((before + middle + after).swapcase(), f"*{escaped}*")


@given(bucket=st.text(string.ascii_lowercase, min_size=1), key=st.text(min_size=1, max_size=30))
def test_WHEN_a_bucket_is_protected_THEN_no_key_gets_round_it(bucket: str, key: str) -> None:
    assert protecting_name(Protection(names=(bucket,)), change(f"arn:aws:s3:::{bucket}/{key}")) == bucket
