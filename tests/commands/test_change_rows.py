from dataclasses import replace

import pytest

from aws_interactions.aws_errors import AnswerLost
from aws_operations.changes import Change, ChangeResult, Effect, ResultStatus, Reversibility
from aws_operations.plan_spool import PlanSpool
from aws_operations.targets import Target
from commands.change_rows import ChangeResultRow, plan_lines, question

HERE = Target("eu-west-1", "123456789012")


def change(number: int, reversibility: Reversibility = Reversibility.REVERSIBLE) -> Change:
    return Change(
        kind="test.set",
        target=HERE,
        resource=f"thing-{number}",
        effect=Effect.UPDATE,
        before={"value": 1},
        after={"value": number},
        iam_actions=("test:Set",),
        reversibility=reversibility,
    )


def lines_of(*changes: Change) -> list[str]:
    with PlanSpool() as spool:
        spool.add(changes)
        return [line.text for line in plan_lines(spool)]


def test_WHEN_a_plan_is_small_THEN_each_line_says_what_is_done_to_what() -> None:
    assert lines_of(change(2)) == [
        "  update    test.set thing-2 in aws://123456789012/eu-west-1 (reversible): value=1 -> value=2"
    ]


def asked(*changes: Change) -> str:
    with PlanSpool() as spool:
        spool.add(changes)
        return question(spool)


def test_WHEN_all_is_in_one_place_THEN_the_question_names_it_AND_what_is_done() -> None:
    assert asked(change(1), change(2), change(3)) == (
        "Make 2 changes (2 x test.set) in aws://123456789012/eu-west-1?"
    )


def test_WHEN_there_are_many_places_THEN_the_question_counts_them() -> None:
    others = [Target("us-east-1", "123456789012"), Target("us-east-1", "111122223333")]
    elsewhere = [replace(change(3), target=target) for target in others]
    nowhere = replace(change(1), target=Target("us-east-1", "444455556666"))

    assert asked(change(2), replace(change(3), kind="test.drop"), nowhere, *elsewhere) == (
        "Make 4 changes (3 x test.set, 1 x test.drop) in 3 targets of 2 accounts?"
    )


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("thing-2: the run ended before the answer came", "the run ended before the answer came"),
        ("no permission for x on thing-2", "no permission for x on thing-2"),
    ],
)
def test_WHEN_a_change_has_no_good_end_THEN_its_row_names_the_resource_once(message: str, told: str) -> None:
    row = ChangeResultRow.of(ChangeResult(change(2), ResultStatus.UNKNOWN, AnswerLost(message)))

    assert (row.resource, row.error) == ("thing-2", told)


def test_WHEN_a_plan_is_large_THEN_the_first_changes_are_named_AND_the_others_counted() -> None:
    lines = lines_of(*(change(number) for number in range(2, 132)))
    assert lines[0] == "aws://123456789012/eu-west-1: update 130 x test.set"
    assert lines[1].startswith("  update    test.set thing-2 ")
    assert len(lines) == 22
    assert lines[-1] == "  ... and 110 more: --dry-run shows all"


def test_WHEN_there_is_nothing_to_do_THEN_it_is_one_count_whatever_the_effect_would_have_been() -> None:
    done = [
        replace(change(number), effect=effect, before={"value": number})
        for number, effect in enumerate((Effect.CREATE, Effect.OVERWRITE))
    ]
    assert lines_of(*done) == ["aws://123456789012/eu-west-1: unchanged 2 x test.set"]
