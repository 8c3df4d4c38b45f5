"""What may be selected: nothing that was given empty, or in a wrong form, means one's own account or all."""

from dataclasses import replace
from typing import Any

import pytest

from aws_interactions.aws_errors import InvalidInput
from aws_operations.guards import EmptySelection
from aws_operations.selection import Selection

MEMBER = "111122223333"


@pytest.mark.parametrize("field", ["accounts", "ous", "profiles", "regions"])
@pytest.mark.parametrize("nothing", [(), [], set()])
def test_WHEN_something_is_given_empty_THEN_the_selection_is_empty(field: str, nothing: Any) -> None:
    with pytest.raises(EmptySelection, match=f"{field} is given but empty"):
        Selection(**{field: nothing})
    with pytest.raises(EmptySelection):
        Selection(**{"all_accounts": True, "regions": ("eu-west-1",), field: nothing})


@pytest.mark.parametrize("field", ["accounts", "ous", "profiles", "regions"])
def test_WHEN_nothing_is_said_THEN_it_is_as_if_left_out(field: str) -> None:
    said_none: Any = {field: None}

    assert Selection(**said_none) == Selection()
    assert getattr(Selection(**said_none), field) == ()


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"accounts": MEMBER}, "accounts is to be a tuple"),
        ({"ous": "/workloads"}, "ous is to be a tuple"),
        ({"profiles": "prod"}, "profiles is to be a tuple"),
        ({"regions": "us-east-1"}, "regions is to be a tuple"),
        ({"regions": b"us-east-1"}, "regions is to be a tuple"),
        ({"accounts": 111122223333}, "accounts is to be a tuple"),
        ({"all_accounts": True, "exclude_accounts": MEMBER}, "exclude_accounts is to be a tuple"),
        ({"accounts": ("1",)}, "accounts: '1' is not an account id"),
        ({"accounts": (111122223333,)}, "accounts has an item"),
        ({"accounts": (MEMBER, "")}, "accounts has an item"),
        ({"all_accounts": True, "exclude_accounts": ("1",)}, "exclude_accounts: '1' is not an account id"),
        ({"regions": ("us-east-1,eu-west-1",)}, "regions: 'us-east-1,eu-west-1' is not a region"),
        ({"regions": (" us-east-1",)}, "is not a region"),
        ({"profiles": (" ",)}, "profiles has an item"),
        ({"profiles": ("prod",), "accounts": (MEMBER,)}, "exclude each other"),
        ({"exclude_accounts": (MEMBER,)}, "need accounts"),
        ({"exclude_ous": ("/a",), "regions": ("all",)}, "need accounts"),
        ({"exclude_profiles": ("a",)}, "needs profiles"),
    ],
)
def test_WHEN_something_is_given_in_the_wrong_form_THEN_invalid_input(
    given: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        Selection(**given)


def test_WHEN_lists_are_given_THEN_they_are_kept_as_tuples() -> None:
    listed: Any = [MEMBER]

    assert Selection(accounts=listed).accounts == (MEMBER,)
    assert replace(Selection(accounts=listed), regions=("all",)).accounts == (MEMBER,)
