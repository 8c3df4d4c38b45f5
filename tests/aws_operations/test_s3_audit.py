"""What an audit finds, and that hardening leaves it nothing to find."""

import json
from typing import Any

import pytest
from botocore.session import Session

from aws_interactions import s3_interactions as s3
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied, InvalidInput
from aws_interactions.s3_interactions.public_access import ALL_BLOCKED
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.applying import apply_changes
from aws_operations.changes import Effect, ResultStatus
from aws_operations.s3 import changes
from aws_operations.s3.audit import Check, Verdict, audit
from aws_operations.s3.lifecycle_form import RULE
from aws_operations.s3.lifecycle_rules import days_until_uploads_end, lifecycle_of_text, normal
from tests.support.undone_changes import undone

BUCKET = "audited"
EXPIRING = {"ID": "go", "Status": "Enabled", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": 3}}
ENDING = {"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}}


@pytest.fixture
def bucket(aws_provider: AwsClientProvider) -> str:
    s3.create_bucket(BUCKET, aws_provider)
    return BUCKET


def verdicts(aws_provider: AwsClientProvider, **options: Any) -> dict[str, tuple[str, str]]:
    return {
        row.check: (row.verdict, row.found) for row in audit([BUCKET], aws_provider.read_only(), **options)
    }


def test_WHEN_a_bucket_is_hardened_THEN_its_audit_finds_nothing_more_AND_undone_it_is_as_it_was(
    aws_provider: AwsClientProvider, bucket: str
) -> None:
    aws_provider.get_s3().create_multipart_upload(Bucket=bucket, Key="k")
    found = verdicts(aws_provider)
    assert {verdict for verdict, _ in found.values()} == {Verdict.FINDING}
    assert found[Check.UNFINISHED_UPLOADS][1] == "never aborted; 1 there"
    assert found[Check.OWNERSHIP][1] == "ObjectWriter: ACLs count"

    planned = list(changes.plan_harden([bucket], aws_provider.read_only(), days=1))
    results = list(apply_changes(planned, lambda _: aws_provider))

    assert {result.status for result in results} == {ResultStatus.APPLIED}
    assert verdicts(aws_provider, only_findings=True) == {}
    assert verdicts(aws_provider)[Check.UNFINISHED_UPLOADS] == (Verdict.OK, "aborted after 1 day")
    assert list(changes.plan_harden([bucket], aws_provider.read_only())) == []

    for change in planned:
        undone(change, aws_provider)
    assert verdicts(aws_provider) == {**found, Check.VERSIONING: (Verdict.FINDING, "suspended")}


def test_WHEN_only_one_finding_is_mended_THEN_no_other_is_planned(
    aws_provider: AwsClientProvider, bucket: str
) -> None:
    planned = changes.plan_harden([bucket], aws_provider, checks=["versioning"])
    assert [change.kind for change in planned] == ["s3.set-versioning"]
    with pytest.raises(InvalidInput, match="no plan for lifecycle"):
        list(changes.plan_harden([bucket], aws_provider, checks=["lifecycle"]))


def test_WHEN_a_policy_is_public_THEN_that_is_what_is_found(
    aws_provider: AwsClientProvider, bucket: str
) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    policy = json.dumps({"Statement": [{**statement, "Resource": f"arn:aws:s3:::{bucket}/*"}]})
    aws_provider.get_s3().put_bucket_policy(Bucket=bucket, Policy=policy)
    assert verdicts(aws_provider)[Check.PUBLIC_ACCESS] == (Verdict.FINDING, "public by its policy")

    s3.set_public_access_block(bucket, s3.PublicAccessBlock(restrict_buckets=True), aws_provider)
    assert "which is restricted" in verdicts(aws_provider)[Check.PUBLIC_ACCESS][1]


def test_WHEN_no_bucket_is_named_THEN_all_are_looked_at_AND_one_that_goes_meanwhile_is_left_out() -> None:
    client = (
        FakeClient("s3")
        .answers("list_buckets", {"Buckets": [{"Name": "gone"}, {"Name": "there"}]})
        .raises("get_bucket_versioning", code="NoSuchBucket")
        .answers("get_bucket_versioning", {"Status": "Suspended"})
    )
    [row] = audit([], fake_provider(s3=client), checks=["versioning"])
    assert (row.bucket, row.verdict, row.found) == ("there", Verdict.FINDING, "suspended")


def test_WHEN_a_named_bucket_is_absent_THEN_it_is_an_error(aws_provider: AwsClientProvider) -> None:
    with pytest.raises(s3.BucketDoesntExist):
        list(audit(["no-such-bucket"], aws_provider))


def test_WHEN_a_check_is_denied_THEN_it_is_unknown_to_the_audit_AND_an_error_to_harden() -> None:
    client = FakeClient("s3").raises("get_bucket_ownership_controls", code="AccessDenied")
    provider = fake_provider(s3=client)
    [row] = audit([BUCKET], provider, checks=["ownership"], only_findings=True)
    assert row.verdict is Verdict.UNKNOWN
    assert "s3:GetBucketOwnershipControls" in row.found
    with pytest.raises(AccessDenied):
        list(changes.plan_harden([BUCKET], provider, checks=["ownership"]))


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        (None, s3.PublicAccessBlock(block_acls=True, block_policy=True), Effect.UPDATE),
        (None, ALL_BLOCKED, Effect.OVERWRITE),
        (ALL_BLOCKED, s3.PublicAccessBlock(), Effect.OVERWRITE),
        (s3.PublicAccessBlock(ignore_acls=True, restrict_buckets=True), ALL_BLOCKED, Effect.UPDATE),
    ],
)
def test_WHEN_somebody_may_come_in_or_stays_out_THEN_it_overwrites(
    aws_provider: AwsClientProvider,
    bucket: str,
    before: s3.PublicAccessBlock | None,
    after: s3.PublicAccessBlock,
    effect: Effect,
) -> None:
    if before is not None:
        s3.set_public_access_block(bucket, before, aws_provider)
    [change] = changes.plan_set_public_access(bucket, after, aws_provider)
    assert change.effect is effect


def test_WHEN_rules_delete_or_go_THEN_it_overwrites_AND_else_not(
    aws_provider: AwsClientProvider, bucket: str
) -> None:
    def effect_of(*rules: dict[str, Any]) -> Effect:
        [change] = changes.plan_set_lifecycle(bucket, s3.BucketLifecycle(rules), aws_provider)
        return change.effect

    assert effect_of(ENDING) is Effect.UPDATE
    assert effect_of(EXPIRING) is Effect.OVERWRITE
    assert effect_of({**EXPIRING, "Status": "Disabled"}) is Effect.UPDATE
    s3.set_bucket_lifecycle(bucket, s3.BucketLifecycle((EXPIRING,)), aws_provider)
    assert effect_of(EXPIRING, ENDING) is Effect.UPDATE
    assert effect_of(ENDING) is Effect.OVERWRITE
    [change] = changes.plan_end_uploads(bucket, 7, aws_provider)
    assert change.effect is Effect.UPDATE
    assert [rule["ID"] for rule in (change.after or {})["rules"]] == ["abort-unfinished-uploads", "go"]


def test_WHEN_S3_tells_rules_in_other_words_THEN_they_are_the_same() -> None:
    written = {"Rules": [{**EXPIRING, "ID": "b"}, {**ENDING, "ID": "a", "Filter": {}}]}
    told = s3.BucketLifecycle(
        (
            {**ENDING, "Filter": {"Prefix": ""}, "ID": "a"},
            {**EXPIRING, "ID": "b", "Filter": {"Prefix": "a/", "And": {}}},
        ),
        "all_storage_classes_128K",
    )
    assert lifecycle_of_text(json.dumps(written), "rules.json") == normal(told)


def test_WHEN_rules_have_no_ID_THEN_they_get_the_same_each_time() -> None:
    [first] = lifecycle_of_text(json.dumps([ENDING]), "f").rules
    [again] = lifecycle_of_text(json.dumps([{**ENDING, "Filter": {"Prefix": ""}}]), "f").rules
    assert first == again
    assert first["ID"].startswith("rule-")


@pytest.mark.parametrize("date", ["2027-01-31", "2027-01-31T00:00:00Z", "2027-01-31T01:00:00+01:00"])
def test_WHEN_a_date_is_written_in_any_way_THEN_it_is_one_time(date: str) -> None:
    [rule] = lifecycle_of_text(json.dumps([{**EXPIRING, "Expiration": {"Date": date}}]), "f").rules
    assert rule["Expiration"] == {"Date": "2027-01-31T00:00:00+00:00"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "rules.json is not JSON"),
        ("{}", "neither a list of rules nor an object"),
        ('{"Rules": {}}', "neither a list"),
        ("[1]", "rule 1 is no object"),
        (json.dumps([EXPIRING, {**EXPIRING, "Expire": {}}]), "rule 2 has the unknown part Expire; there are"),
        (
            json.dumps([{**EXPIRING, "Expiration": {"Days": "3"}}]),
            "Expiration: Days is '3', not a whole number",
        ),
        (json.dumps([{**EXPIRING, "Expiration": {"Days": True}}]), "Days is True, not a whole number"),
        (json.dumps([{**EXPIRING, "Expiration": 3}]), "Expiration is no object"),
        (json.dumps([{**EXPIRING, "Transitions": {}}]), "Transitions is no list"),
        (
            json.dumps([{**EXPIRING, "Transitions": [{}, {"Day": 1}]}]),
            "Transitions 2 has the unknown part Day",
        ),
        (json.dumps([{**EXPIRING, "Status": "On"}]), "Status is neither Enabled nor Disabled"),
        ('{"Rules": [], "TransitionDefaultMinimumObjectSize": 1}', "is not a word"),
        (json.dumps([EXPIRING, EXPIRING]), "two lifecycle rules have the ID 'go'"),
        (json.dumps([{**EXPIRING, "Expiration": {"Date": "soon"}}]), "'soon' of a lifecycle rule is no time"),
        (json.dumps([{**EXPIRING, "Expiration": {"Date": 7}}]), "Date is 7, not text"),
    ],
)
def test_WHEN_a_document_holds_no_rules_THEN_it_is_said_why(text: str, complaint: str) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        lifecycle_of_text(text, "rules.json")


@pytest.mark.parametrize(
    ("rules", "days"),
    [
        ([], None),
        ([ENDING], 3),
        ([{**ENDING, "Status": "Disabled"}], None),
        ([{**ENDING, "Filter": {"Prefix": "a/"}}], None),
        ([{**ENDING, "Prefix": "a/"}], None),
        (
            [
                {**ENDING, "Prefix": ""},
                {**ENDING, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
            ],
            1,
        ),
        ([EXPIRING], None),
    ],
)
def test_WHEN_a_rule_ends_uploads_of_all_keys_THEN_they_end(rules: list[Any], days: int | None) -> None:
    assert days_until_uploads_end(rules) == days


def form_of(shape: Any) -> Any:
    """Return what botocore's model says of a part, as it is written here."""
    if shape.type_name == "structure":
        return {name: form_of(member) for name, member in shape.members.items()}
    if shape.type_name == "list":
        return [form_of(shape.member)]
    return {"integer": int, "long": int, "boolean": bool}.get(shape.type_name, str)


def test_WHEN_rules_are_checked_THEN_by_what_the_model_of_S3_says() -> None:
    operation: Any = Session().get_service_model("s3").operation_model("PutBucketLifecycleConfiguration")
    rules = operation.input_shape.members["LifecycleConfiguration"].members["Rules"]
    in_the_model = form_of(rules.member)
    assert in_the_model == RULE
