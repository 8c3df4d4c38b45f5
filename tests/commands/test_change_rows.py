from dataclasses import replace

from aws_operations.changes import Change, Effect, Reversibility
from aws_operations.plan_spool import PlanSpool
from aws_operations.targets import Target
from commands.change_rows import plan_lines

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
