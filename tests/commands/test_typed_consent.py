"""What is asked before changes are made: the less can be taken back, the more is to be typed."""

import io
from collections.abc import Iterable
from dataclasses import replace

import pytest

from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.changes import Change, Effect, Reversibility
from aws_operations.guards import ConsentNeeded
from aws_operations.plan_spool import PlanSpool
from aws_operations.targets import Target
from commands.consent import has_consent
from commands.console import Console
from commands.options import Settings

HOME = Target("eu-west-1", "123456789012")
AWAY = Target("us-east-1", "111122223333")
NO_ALIAS = FakeClient("iam").answers("list_account_aliases", {"AccountAliases": [], "IsTruncated": False})
ALIAS = FakeClient("iam").answers("list_account_aliases", {"AccountAliases": ["ops"], "IsTruncated": False})
DENIED = FakeClient("iam").raises("list_account_aliases", code="AccessDenied")
UNHEARD_OF = FakeClient("iam").raises("list_account_aliases", code="UnheardOf")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def deletion(
    key: str, target: Target = HOME, reversibility: Reversibility = Reversibility.IRREVERSIBLE
) -> Change:
    return Change(
        kind="s3.delete-object",
        target=target,
        resource=f"arn:aws:s3:::logs/{key}",
        effect=Effect.DESTROY,
        before={"size": 1},
        after=None,
        iam_actions=(),
        reversibility=reversibility,
    )


def asked(
    changes: Iterable[Change], answer: str, iam: FakeClient = NO_ALIAS, *, yes: bool = False
) -> tuple[bool, str]:
    stderr = Terminal()
    console = Console(stdout=io.BytesIO(), stderr=stderr, stdin=Terminal(answer), environ={"NO_COLOR": "1"})
    with PlanSpool() as spool:
        spool.add(changes)
        is_agreed = has_consent(spool, Settings(yes=yes), console, lambda _: fake_provider(iam=iam))
    return is_agreed, stderr.getvalue()


@pytest.mark.parametrize("reversibility", [Reversibility.REVERSIBLE, Reversibility.COMPENSABLE])
def test_WHEN_it_can_be_taken_back_THEN_yes_is_enough(reversibility: Reversibility) -> None:
    change = deletion("a", reversibility=reversibility)

    assert asked([change], "y\n")[0]
    assert "[y/N]" in asked([change], "n\n")[1]
    assert not asked([change], "logs/a\n")[0]


def test_WHEN_one_thing_is_final_THEN_its_name_is_typed() -> None:
    is_agreed, screen = asked([deletion("a")], "logs/a\n")

    assert is_agreed
    assert "? It cannot be undone. Type logs/a to go on: " in screen
    assert not asked([deletion("a")], "y\n")[0]


@pytest.mark.parametrize("is_kept", [True, False])
def test_WHEN_an_item_is_final_THEN_its_table_is_typed_AND_what_would_keep_it_is_said(is_kept: bool) -> None:
    item = replace(
        deletion("a"),
        resource='arn:aws:dynamodb:eu-west-1:123456789012:table/orders {"customer":"c-1"}',
        precondition=None if is_kept else {"keep_before": False},
    )

    is_agreed, screen = asked([item], "orders\n")

    assert is_agreed
    assert "Type orders (the name of its table) to go on: " in screen
    assert ("(with --keep-before it could)" in screen) is not is_kept


def test_WHEN_one_of_several_is_final_THEN_the_name_of_that_is_typed() -> None:
    others = [deletion(key, reversibility=Reversibility.COMPENSABLE) for key in "bcd"]

    is_agreed, screen = asked([*others, deletion("a"), replace(deletion("z"), before=None)], "logs/a\n")

    assert is_agreed
    assert "? Some of it cannot be undone. Type logs/a to go on: " in screen


@pytest.mark.parametrize(
    ("iam", "word"),
    [
        (ALIAS, "ops"),
        (NO_ALIAS, HOME.aws_account),
        (DENIED, HOME.aws_account),
        (UNHEARD_OF, HOME.aws_account),
    ],
)
def test_WHEN_several_things_of_an_account_are_final_THEN_its_alias_is_typed_or_its_id(
    iam: FakeClient, word: str
) -> None:
    changes = [deletion("a"), deletion("b"), deletion("c", AWAY, Reversibility.COMPENSABLE)]

    is_agreed, screen = asked(changes, f"{word}\n", iam)

    assert is_agreed
    assert f"? Some of it cannot be undone. Type {word} (the a" in screen
    assert ") to go on: " in screen
    assert not asked(changes, "logs/a\n", iam)[0]


def test_WHEN_all_of_several_are_final_THEN_it_is_not_said_of_some() -> None:
    _, screen = asked([deletion("a"), deletion("b")], "n\n", ALIAS)

    assert "? They cannot be undone. Type ops (the alias of account 123456789012) to go on: " in screen


def test_WHEN_the_name_has_a_blank_THEN_it_is_quoted_AND_typed_without_quotes() -> None:
    is_agreed, screen = asked([deletion("a b")], "logs/a b\n")

    assert is_agreed
    assert "Type 'logs/a b' to go on: " in screen


def test_WHEN_things_in_several_accounts_are_final_THEN_their_numbers_are_typed() -> None:
    changes = [deletion("a"), deletion("b", AWAY), deletion("c", AWAY)]

    assert asked(changes, "3 changes in 2 accounts\n")[0]
    assert not asked(changes, "3 changes in 3 accounts\n")[0]
    assert not asked(changes, "123456789012\n", ALIAS)[0]


@pytest.mark.parametrize("key", ["line\nend", "\x1b[31mred", "ünï", "x" * 200, "trailing "])
def test_WHEN_a_name_can_hardly_be_typed_THEN_the_account_is(key: str) -> None:
    is_agreed, screen = asked([deletion(key)], "ops\n", ALIAS)

    assert is_agreed
    assert "\x1b[31m" not in screen


def test_WHEN_the_account_is_not_known_THEN_the_number_of_changes_is_typed() -> None:
    assert asked([deletion("a", Target("eu-west-1"))], "1 change in 1 account\n")[0]


def test_WHEN_consent_was_given_THEN_nobody_is_asked() -> None:
    assert asked([deletion("a")], "", yes=True) == (True, "")


def test_WHEN_nobody_can_be_asked_THEN_what_takes_away_is_refused() -> None:
    console = Console(stdout=io.BytesIO(), stderr=io.StringIO(), stdin=io.StringIO("logs/a\n"))
    with PlanSpool() as spool:
        spool.add([deletion("a")])
        with pytest.raises(ConsentNeeded):
            has_consent(spool, Settings(), console)
