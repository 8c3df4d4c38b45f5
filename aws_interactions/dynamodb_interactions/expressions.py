"""DynamoDB's expressions, with every name and value that this package puts in them by placeholder."""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions.values import to_attribute, to_item

AttributePath: TypeAlias = str | Sequence[str | int]
"""Where an attribute stands: ``total``, ``lines[0].price``, or its parts, ``("dotted.name", 0)``."""

Condition: TypeAlias = Any
"""An expression as text, or what boto3's ``Attr`` and ``Key`` make."""

_PATH = r"[^.\[\]]+(?:\[\d+\])*(?:\.[^.\[\]]+(?:\[\d+\])*)*"
_PATH_STEP = r"\[(\d+)\]|([^.\[\]]+)"
_BOTO3_PLACEHOLDER = r"#n\d+|:v\d+"


class Expressions:
    """The expressions of one request, and the names and values that their placeholders stand for.

    ``names`` and ``values`` are the caller's own, for the expressions that are given as text; the
    placeholders made here never meet them. A reserved word needs no care in a path, as each name in it
    gets a placeholder.
    """

    def __init__(
        self, names: Mapping[str, str] | None = None, values: Mapping[str, Any] | None = None
    ) -> None:
        self._names = dict(names or {})
        self._values = to_item(values or {})
        self._made: dict[str, str] = {}

    def path(self, path: AttributePath) -> str:
        """Return a path as it stands in an expression; raises ``InvalidInput`` if it is none."""
        text = ""
        for part in steps_of(path):
            if isinstance(part, int):
                text += f"[{part}]"
            else:
                text += f"{'.' if text else ''}{self._name(part)}"
        return text

    def value(self, value: Any, path: AttributePath = "") -> str:
        """Return the placeholder of a value; ``path`` is for the error if DynamoDB has no such value."""
        if path:
            ((_, attribute),) = to_item({shown_path(path): value}).items()
            return self._keep_value(attribute)
        return self._keep_value(to_attribute(value))

    def projection(self, attributes: Iterable[AttributePath]) -> str:
        """Return the expression for reading these attributes alone."""
        if isinstance(attributes, str):
            message = f"attributes are a list of names, not the text {attributes!r}"
            raise InvalidInput(message)
        paths = dict.fromkeys(self.path(attribute) for attribute in attributes)
        if not paths:
            message = "no attribute is named: name one, or leave them out to read all"
            raise InvalidInput(message)
        return ", ".join(paths)

    def condition(self, condition: Condition, *, is_for_key: bool = False) -> str:
        """Return a condition as text; one of boto3's is written out, its values put with the others."""
        if isinstance(condition, str):
            return condition
        # Whoever made such a condition has loaded the module; it would cost a start-up much.
        boto3_conditions = sys.modules.get("boto3.dynamodb.conditions")
        if boto3_conditions is None or not isinstance(condition, boto3_conditions.ConditionBase):
            message = f"a condition is an expression or boto3's, not {type(condition).__name__}"
            raise InvalidInput(message)
        try:
            built = boto3_conditions.ConditionExpressionBuilder().build_expression(condition, is_for_key)
        except sys.modules["boto3.exceptions"].Boto3Error as error:
            raise InvalidInput(str(error)) from error
        placeholders = {
            **{theirs: self._name(name) for theirs, name in built.attribute_name_placeholders.items()},
            **{theirs: self.value(value) for theirs, value in built.attribute_value_placeholders.items()},
        }
        expression: str = built.condition_expression
        return re.sub(_BOTO3_PLACEHOLDER, lambda found: placeholders[found[0]], expression)

    def update(
        self,
        assign: Mapping[Any, Any] | None,
        remove: Iterable[AttributePath] | None,
        add: Mapping[Any, Any] | None,
    ) -> str:
        """Return the expression that sets, removes and adds; raises ``InvalidInput`` for none of it."""
        clauses = {
            "SET": [
                f"{self.path(path)} = {self.value(value, path)}" for path, value in (assign or {}).items()
            ],
            "REMOVE": [self.path(path) for path in remove or ()],
            "ADD": [f"{self.path(path)} {self.value(value, path)}" for path, value in (add or {}).items()],
        }
        expression = " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts)
        if not expression:
            message = "an update that changes nothing: give what to assign, remove or add"
            raise InvalidInput(message)
        return expression

    def parameters(self) -> dict[str, Any]:
        """Return names and values as the low-level client takes them, without those that are empty."""
        given = {"ExpressionAttributeNames": self._names, "ExpressionAttributeValues": self._values}
        return {name: dict(what) for name, what in given.items() if what}

    def _name(self, name: str) -> str:
        if name not in self._made:
            placeholder = _free("#p", self._names)
            self._names[placeholder] = name
            self._made[name] = placeholder
        return self._made[name]

    def _keep_value(self, attribute: dict[str, Any]) -> str:
        placeholder = _free(":p", self._values)
        self._values[placeholder] = attribute
        return placeholder


def steps_of(path: AttributePath) -> list[str | int]:
    """Return the names and positions of a path; raises ``InvalidInput`` if it is none."""
    if isinstance(path, str):
        if not re.fullmatch(_PATH, path):
            message = f"{path!r} is no attribute path such as total or lines[0].price"
            raise InvalidInput(message)
        return [int(position) if position else name for position, name in re.findall(_PATH_STEP, path)]
    steps = list(path)
    if not steps or not isinstance(steps[0], str):
        message = f"{path!r} is no attribute path: its first part is a name"
        raise InvalidInput(message)
    return steps


def shown_path(path: AttributePath) -> str:
    """Return a path as errors name it."""
    text = ""
    for step in steps_of(path):
        text += f"[{step}]" if isinstance(step, int) else f"{'.' if text else ''}{step}"
    return text


def _free(prefix: str, taken: Mapping[str, Any]) -> str:
    number = len(taken)
    while f"{prefix}{number}" in taken:
        number += 1
    return f"{prefix}{number}"
