"""The type that holds a secret's value: it tells nothing unless asked by name."""

import copy
import dataclasses
import json
import pickle
import traceback
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings, strategies

from aws_interactions.aws_errors import Conflict, InvalidInput, NotFound
from aws_interactions.secret_redaction import REDACTED, redact
from aws_interactions.secrets_interactions import (
    Secret,
    SecretFieldDoesntExist,
    SecretNotJson,
    SecretTooLarge,
    SecretValue,
    SecretValueEmpty,
)

HIDDEN = 'hidden "Sentinel" of a value\nwith two lines'
FIELDS = json.dumps({"username": "sentinelUser", "password": "sentinelPassword", "port": 5432})


def secret_with(value: SecretValue) -> Secret:
    return Secret(
        "orders", "arn:aws:secretsmanager:::secret:orders-a1b2c3", "v", (), datetime.now(UTC), value
    )


@pytest.mark.parametrize("data", [HIDDEN, HIDDEN.encode()])
def test_WHEN_a_value_is_shown_in_any_way_THEN_nothing_of_it_is_seen(data: str | bytes) -> None:
    value = SecretValue(data, secret_name="orders")
    secret = secret_with(value)
    shown = [
        repr(value), str(value), f"{value}", f"{value!r:>40}", "%s %r" % (value, value), repr([value]),  # noqa: UP031 - one way of many
        repr(secret), str(dataclasses.asdict(secret)),
    ]  # fmt: skip
    for text in shown:
        assert "redacted" in text
        assert "Sentinel" not in text
    assert value.reveal() == data
    assert not hasattr(value, "__dict__")


def test_WHEN_a_value_is_pickled_THEN_it_refuses_AND_a_copy_is_itself() -> None:
    value = SecretValue(HIDDEN)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="does not pickle"):
            pickle.dumps(secret_with(value), protocol)
    assert copy.copy(value) is value
    assert copy.deepcopy([value])[0] is value
    with pytest.raises(TypeError, match="does not pickle"):
        value.__getstate__()
    with pytest.raises(TypeError):
        hash(value)
    with pytest.raises(TypeError):
        json.dumps(value)


def test_WHEN_values_are_compared_THEN_text_is_not_bytes() -> None:
    assert SecretValue("a") == SecretValue("a")
    assert SecretValue("a") != SecretValue("b")
    assert SecretValue("a") != SecretValue(b"a")
    assert SecretValue("a") != "a"


def test_WHEN_a_value_is_held_THEN_it_is_taken_out_of_texts_in_every_form() -> None:
    SecretValue(HIDDEN)
    SecretValue(b"\x00\x01 sentinel bytes")
    texts = [
        HIDDEN,
        " ".join(HIDDEN.split()),
        json.dumps({"a": HIDDEN}),
        repr(json.dumps({"a": HIDDEN}).encode()),
        repr(HIDDEN),
        "AAEgc2VudGluZWwgYnl0ZXM=",
    ]
    for text in texts:
        assert "Sentinel" not in redact(text)
        assert REDACTED in redact(text)


def test_WHEN_a_field_is_asked_for_THEN_it_comes_as_JSON_has_it_AND_is_taken_out_of_texts() -> None:
    value = SecretValue(FIELDS, secret_name="orders")
    assert value.field("port") == 5432
    assert redact("sentinelPassword") == "sentinelPassword"
    assert value.field("password") == "sentinelPassword"
    assert redact("sentinelPassword") == REDACTED
    assert SecretValue(FIELDS.encode()).json() == json.loads(FIELDS)


def test_WHEN_a_field_is_not_there_THEN_the_error_names_it_AND_none_that_is() -> None:
    with pytest.raises(SecretFieldDoesntExist, match=r"orders has no field user$") as caught:
        SecretValue(FIELDS, secret_name="orders").field("user")
    assert isinstance(caught.value, NotFound)
    assert (caught.value.secret_id, caught.value.field) == ("orders", "user")


def test_WHEN_half_a_character_is_in_a_value_THEN_it_is_kept_AND_taken_out_of_texts() -> None:
    value = SecretValue('{"password": "\\ud800 sentinelHalf"}')
    assert value.field("password") == "\ud800 sentinelHalf"
    assert redact("<\ud800 sentinelHalf>") == f"<{REDACTED}>"
    assert SecretValue("\ud800 sentinelHalf").reveal_bytes() == b"\xed\xa0\x80 sentinelHalf"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("rate", "1.10"),
        ("far", "1e999"),
        ("fine", "12345678901234567.890"),
        ("list", "[1.50,  2]"),
        ("port", "5432"),
        ("none", "null"),
        ("password", "s\u00e9\n"),
        ("inner", '{"rate": 3.0}'),
        ("both", "2.0"),
    ],
)
@pytest.mark.parametrize("is_binary", [False, True])
def test_WHEN_a_field_is_asked_for_as_text_THEN_it_is_exactly_as_it_stands(
    field: str, text: str, is_binary: bool
) -> None:
    data = (
        ' { "rate" : 1.10 , "far": 1e999,"fine":12345678901234567.890, "list": [1.50,  2], "port": 5432,\n'
        '"none": null, "password": "s\\u00e9\\n", "inner":{"rate": 3.0}, "both": 1.0, "both": 2.0} '
    )
    assert SecretValue(data.encode() if is_binary else data).field_text(field) == text


@pytest.mark.parametrize(
    "data", ["sentinel", '["sentinel"]', '{"sentinel": 1', b"\xff\xfesentinel", "[" * 90_000]
)
def test_WHEN_a_field_is_asked_of_what_has_none_THEN_the_error_carries_nothing_of_it(data: Any) -> None:
    with pytest.raises(SecretNotJson, match=r"is not .*JSON") as caught:
        SecretValue(data, secret_name="orders").field("password")
    assert isinstance(caught.value, Conflict)
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert "sentinel" not in "".join(traceback.format_exception(caught.value)).partition("SecretNotJson")[2]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("", SecretValueEmpty),
        (b"", SecretValueEmpty),
        ("é" * 32_769, SecretTooLarge),
        (b"a" * 65_537, SecretTooLarge),
    ],
)
def test_WHEN_a_value_has_a_size_that_AWS_refuses_THEN_it_is_refused_before(
    data: str | bytes, error: type[InvalidInput]
) -> None:
    with pytest.raises(error):
        SecretValue(data).check_size()
    SecretValue(b"a" * 65_536).check_size()
    SecretValue("é" * 32_768).check_size()


@settings(deadline=None)
@given(
    prefix=strategies.text(max_size=4),
    secret=strategies.text(alphabet="sentinel\"'\\\n\t\x00é{}", min_size=1, max_size=30),
    suffix=strategies.sampled_from(["", "\\", '"', "'", "\n"]),
)
def test_WHEN_a_request_or_an_answer_with_a_value_is_logged_THEN_its_shape_alone_hides_it(
    prefix: str, secret: str, suffix: str
) -> None:
    marked = f"{prefix}{secret}SENTINEL{secret}{suffix}"
    for body in (
        json.dumps({"SecretString": marked, "Name": "x"}),
        json.dumps({"Name": "x", "SecretString": marked}, ensure_ascii=False),
    ):
        for logged in (
            body,
            repr(body),
            repr(body.encode()),
            repr({"body": body.encode()}),
            json.dumps(body),
        ):
            assert "SENTINEL" not in redact(logged)
    assert "SENTINEL" not in redact(repr({"SecretString": marked, "Name": "x"}))
