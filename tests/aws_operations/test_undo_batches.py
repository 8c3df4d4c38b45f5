"""Undoing many changes: they are looked at together, with the results of looking at each alone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings, strategies as st

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import Throttled
from aws_interactions.dynamodb_interactions import KeyAttribute, TableSpec
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.applying import apply_changes
from aws_operations.changes import CannotUndo, Change, Effect, Reversibility, change_kind
from aws_operations.targets import Target
from aws_operations.undo import NotUndone, plan_undo
from tests.support.ec2_things import answer_of, instance

TARGET = Target("eu-west-1", "123456789012")
NAMES = [f"i-{number:017}" for number in range(4)]
STATES = ["pending", "running", "stopping", "stopped", "terminated"]
TABLE = "orders"
TABLE_ARN = f"arn:aws:dynamodb:eu-west-1:123456789012:table/{TABLE}"
AGAIN = "it was changed again by the same run, and that is taken back first: undo the run again"

Answers = list[tuple[str, str | None]]


def ec2_change(kind: str, name: str, before: Mapping[str, str], after: Mapping[str, str]) -> Change:
    return Change(
        kind=kind,
        target=TARGET,
        resource=f"arn:aws:ec2:eu-west-1:123456789012:instance/{name}",
        effect=Effect.UPDATE,
        before=dict(before),
        after=dict(after),
        iam_actions=change_kind(kind).iam_actions,
        reversibility=Reversibility.REVERSIBLE,
    )


def item_change(
    key: str, before: int | None, after: int | None, *, table: str = TABLE_ARN, is_kept: bool = True
) -> Change:
    change = Change(
        kind="dynamodb.batch-write",
        target=TARGET,
        resource=f'{table} {{"customer":"{key}"}}',
        effect=Effect.UPDATE,
        before=None if before is None else {"customer": key, "total": before},
        after=None if after is None else {"customer": key, "total": after},
        iam_actions=change_kind("dynamodb.batch-write").iam_actions,
        reversibility=Reversibility.REVERSIBLE,
        precondition={"key": {"customer": key}, **({} if is_kept else {"keep_before": False})},
    )
    return change if is_kept else change.without_before()


def planned(changes: Iterable[Change], aws_provider: AwsClientProvider) -> tuple[list[Change], Answers]:
    refused = list[NotUndone]()
    found = list(plan_undo(changes, aws_provider, refused.append))
    return found, [(each.change.id, each.reason) for each in refused]


def planned_one_by_one(
    changes: Sequence[Change], aws_provider: AwsClientProvider
) -> tuple[list[Change], Answers]:
    found, refused, taken_back = list[Change](), list[tuple[str, str | None]](), set[str]()
    for change in changes:
        inverses, reason = inverses_or_reason(change, aws_provider)
        if reason is None:
            found.extend(inverses)
            taken_back.add(change.resource)
        else:
            again = f"; {AGAIN}" if change.resource in taken_back else ""
            refused.append((change.id, f"{reason}{again}"))
    return found, refused


def by_resource(changes: Iterable[Change]) -> dict[str, list[Change]]:
    found = dict[str, list[Change]]()
    for change in changes:
        found.setdefault(change.resource, []).append(change)
    return found


def inverses_or_reason(change: Change, aws_provider: AwsClientProvider) -> tuple[list[Change], str | None]:
    invert = change_kind(change.kind).invert
    assert invert is not None
    try:
        inverses = [*invert(change, aws_provider)]
    except CannotUndo as error:
        return [], str(error)
    return inverses, None if inverses else "there is nothing of it to take back"


def ec2_with(
    states: Mapping[str, str], tags: Mapping[str, Mapping[str, str]], *, refused_id: str | None = None
) -> FakeClient:
    """Return an EC2 of instances with states and tags; a call that names ``refused_id`` fails."""

    def describe_instances(**asked: Any) -> dict[str, Any]:
        ids = asked.get("InstanceIds") or asked["Filters"][0]["Values"]
        if refused_id in ids:
            error = {"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}
            raise ClientError(error, "DescribeInstances")  # type: ignore[arg-type]
        return answer_of(*(instance(name, states[name]) for name in ids if name in states))

    def describe_tags(**asked: Any) -> dict[str, Any]:
        [ids] = [each["Values"] for each in asked["Filters"] if each["Name"] == "resource-id"]
        return {
            "Tags": [
                {"ResourceId": name, "ResourceType": "instance", "Key": key, "Value": value}
                for name in ids
                for key, value in tags.get(name, {}).items()
            ]
        }

    client = FakeClient("ec2").answers("describe_instances", describe_instances)
    return client.answers("describe_tags", describe_tags)


def table_with(totals: Mapping[str, int], *, refused_key: str | None = None) -> FakeClient:
    """Return a DynamoDB of one table with these items; a call that names ``refused_key`` fails."""

    def batch_get_item(**asked: Any) -> dict[str, Any]:
        [(table, wanted)] = asked["RequestItems"].items()
        assert wanted["ConsistentRead"]
        keys = [key["customer"]["S"] for key in wanted["Keys"]]
        if refused_key in keys:
            error = {"Error": {"Code": "ValidationException", "Message": "no such key"}}
            raise ClientError(error, "BatchGetItem")  # type: ignore[arg-type]
        items = [{"customer": {"S": key}, "total": {"N": str(totals[key])}} for key in keys if key in totals]
        return {"Responses": {table: items}}

    return FakeClient("dynamodb").answers("batch_get_item", batch_get_item)


tags_named = st.dictionaries(st.sampled_from(["role", "stage"]), st.sampled_from(["a", "b"]))
starts_and_stops = st.builds(
    lambda name, way: ec2_change(f"ec2.{way[0]}", name, {"state": way[1]}, {"state": way[2]}),
    st.sampled_from(NAMES),
    st.sampled_from([("start", "stopped", "running"), ("stop", "running", "stopped")]),
)
additions = st.builds(
    lambda name, before, after: ec2_change("ec2.add-tags", name, before, after),
    st.sampled_from(NAMES),
    tags_named,
    tags_named,
)
removals = st.builds(
    lambda name, before: ec2_change("ec2.remove-tags", name, before, {}), st.sampled_from(NAMES), tags_named
)
totals = st.none() | st.integers(1, 2)
writes = st.builds(
    lambda key, before, after, is_kept: item_change(key, before, after, is_kept=is_kept),
    st.sampled_from(["c-1", "c-2", "c-3"]),
    totals,
    totals,
    st.sampled_from([True, True, True, False]),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(starts_and_stops | additions | removals, max_size=12),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(STATES)),
    st.dictionaries(st.sampled_from(NAMES), tags_named),
)
def test_WHEN_ec2_changes_are_looked_at_together_THEN_it_is_as_one_by_one(
    changes: list[Change], states: dict[str, str], tags: dict[str, dict[str, str]]
) -> None:
    provider = fake_provider(ec2=ec2_with(states, tags))
    found, refused = planned(changes, provider)
    expected, reasons = planned_one_by_one(changes, provider)
    assert refused == reasons
    assert by_resource(found) == by_resource(expected)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(writes, max_size=12),
    st.dictionaries(st.sampled_from(["c-1", "c-2", "c-3"]), st.integers(1, 2)),
)
def test_WHEN_writes_of_items_are_looked_at_together_THEN_it_is_as_one_by_one(
    changes: list[Change], items: dict[str, int]
) -> None:
    provider = fake_provider(dynamodb=table_with(items))
    assert planned(changes, provider) == planned_one_by_one(changes, provider)


def test_WHEN_one_in_the_middle_has_drifted_THEN_the_others_are_planned_in_order_with_few_calls() -> None:
    changes = [item_change(f"c-{number}", None, 1) for number in range(250)]
    client = table_with({f"c-{number}": 2 if number == 120 else 1 for number in range(250)})

    found, refused = planned(changes, fake_provider(dynamodb=client))

    assert refused == [(changes[120].id, "the item has changed since")]
    assert [each.resource for each in found] == [each.resource for each in changes if each != changes[120]]
    assert {(each.kind, each.effect, each.after) for each in found} == {
        ("dynamodb.batch-write", Effect.DESTROY, None)
    }
    assert len(client.calls) == 3


def test_WHEN_many_instances_were_stopped_AND_tagged_THEN_it_takes_a_call_a_hundred() -> None:
    names = [f"i-{number:017}" for number in range(250)]
    client = ec2_with(dict.fromkeys(names, "stopped"), {name: {"role": "db"} for name in names})
    stops = [ec2_change("ec2.stop", name, {"state": "running"}, {"state": "stopped"}) for name in names]
    tags = [ec2_change("ec2.add-tags", name, {}, {"role": "db"}) for name in names]

    found, refused = planned([*stops, *tags], fake_provider(ec2=client))

    assert refused == []
    assert [each.kind for each in found] == ["ec2.start"] * 250 + ["ec2.remove-tags"] * 250
    operations = [call.operation for call in client.calls]
    assert operations == ["describe_instances"] * 3 + ["describe_tags"] * 3


def test_WHEN_undoing_takes_two_kinds_of_change_THEN_those_of_one_kind_come_together() -> None:
    client = ec2_with({}, {name: {"role": "db", "new": "1"} for name in NAMES})
    tags = [
        ec2_change(
            "ec2.add-tags", name, {"role": "web"} if name != NAMES[0] else {}, {"role": "db", "new": "1"}
        )
        for name in NAMES
    ]

    found, refused = planned(tags, fake_provider(ec2=client))

    assert refused == []
    assert [each.kind for each in found] == ["ec2.add-tags"] * 3 + ["ec2.remove-tags"] * 4
    assert [each.after for each in found] == [{"role": "web"}] * 3 + [{}] * 4


@pytest.mark.parametrize("place", [0, 1, 2])
def test_WHEN_the_read_of_one_fails_THEN_the_others_are_planned_AND_that_one_has_its_reason(
    place: int,
) -> None:
    stops = [ec2_change("ec2.stop", name, {"state": "running"}, {"state": "stopped"}) for name in NAMES[:3]]
    ec2 = ec2_with(dict.fromkeys(NAMES, "stopped"), {}, refused_id=NAMES[place])
    found, [(refused, reason)] = planned(stops, fake_provider(ec2=ec2))
    assert [each.resource for each in found] == [each.resource for each in stops if each != stops[place]]
    assert refused == stops[place].id
    assert str(reason).startswith("it could not be looked at: ")
    assert NAMES[place] in str(reason)

    puts = [item_change(f"c-{number}", None, 1) for number in range(3)]
    items = table_with({f"c-{number}": 1 for number in range(3)}, refused_key=f"c-{place}")
    found, [(refused, reason)] = planned(puts, fake_provider(dynamodb=items))
    assert [each.resource for each in found] == [each.resource for each in puts if each != puts[place]]
    assert refused == puts[place].id
    assert "no such key" in str(reason)


def test_WHEN_the_whole_batch_is_throttled_THEN_the_target_fails_AND_nothing_is_refused() -> None:
    client = FakeClient("ec2").raises("describe_instances", error=Throttled("slower", resource="x"))
    stops = [ec2_change("ec2.stop", name, {"state": "running"}, {"state": "stopped"}) for name in NAMES]
    refused = list[NotUndone]()
    with pytest.raises(Throttled):
        list(plan_undo(stops, fake_provider(ec2=client), refused.append))
    assert refused == []
    assert len(client.calls) == 1


def test_WHEN_an_item_is_twice_in_a_batch_THEN_the_newer_is_taken_back_AND_the_older_waits_for_that() -> None:
    newer, other, older = item_change("c-1", 1, 2), item_change("c-2", None, 2), item_change("c-1", None, 1)

    found, refused = planned([newer, other, older], fake_provider(dynamodb=table_with({"c-1": 2, "c-2": 2})))

    assert [(each.resource, each.after) for each in found] == [
        (newer.resource, {"customer": "c-1", "total": 1}),
        (other.resource, None),
    ]
    assert refused == [(older.id, f"the item has changed since; {AGAIN}")]


def test_WHEN_a_table_of_several_is_gone_THEN_the_items_of_the_others_are_planned() -> None:
    def batch_get_item(**asked: Any) -> dict[str, Any]:
        if TABLE not in asked["RequestItems"]:
            error = {"Error": {"Code": "ResourceNotFoundException", "Message": "gone"}}
            raise ClientError(error, "BatchGetItem")  # type: ignore[arg-type]
        return {"Responses": {TABLE: [{"customer": {"S": "c-1"}, "total": {"N": "1"}}]}}

    client = FakeClient("dynamodb").answers("batch_get_item", batch_get_item)
    gone = TABLE_ARN.replace(TABLE, "absent")
    here, there = item_change("c-1", None, 1), item_change("c-1", None, 1, table=gone)

    found, refused = planned([there, here, there], fake_provider(dynamodb=client))

    assert [each.resource for each in found] == [here.resource]
    assert refused == [(there.id, "the table has gone")] * 2
    assert len(client.calls) == 2


def test_WHEN_many_items_are_undone_AND_undone_again_THEN_the_table_is_as_before_each(
    aws_provider: AwsClientProvider,
) -> None:
    dynamodb_interactions.create_table(TableSpec(TABLE, (KeyAttribute("customer", "S"),)), aws_provider)

    def made(changes: Iterable[Change]) -> list[Change]:
        results = list(apply_changes(list(changes), lambda _: aws_provider))
        assert {str(result.status) for result in results} == {"applied"}
        return [Change.from_json(result.change.to_json()) for result in results][::-1]

    def items() -> dict[str, int]:
        found = dynamodb_interactions.scan(TABLE, aws_provider)
        return {item["customer"]: int(item["total"]) for item in found}

    first = made(item_change(f"c-{number}", None, 1) for number in range(30))
    second = made(item_change(f"c-{number}", 1, None if number % 2 else 2) for number in range(30))
    after_both = items()
    undone = made(planned(second, aws_provider.read_only())[0])
    assert items() == {f"c-{number}": 1 for number in range(30)}
    made(planned(undone, aws_provider.read_only())[0])
    assert items() == after_both
    assert [reason for _, reason in planned(first, aws_provider)[1]] == [
        "the item has gone since" if number % 2 else "the item has changed since"
        for number in range(29, -1, -1)
    ]


def test_WHEN_one_item_is_to_be_written_twice_in_a_batch_THEN_the_second_is_left_and_the_others_are_written(
    aws_provider: AwsClientProvider,
) -> None:
    dynamodb_interactions.create_table(TableSpec(TABLE, (KeyAttribute("customer", "S"),)), aws_provider)
    changes = [item_change("c-1", None, 1), item_change("c-2", None, 1), item_change("c-1", None, 2)]

    results = {each.change.id: each for each in apply_changes(changes, lambda _: aws_provider)}

    assert [str(results[change.id].status) for change in changes] == ["applied", "applied", "failed"]
    assert "the item has changed since it was planned" in str(results[changes[2].id].error)
