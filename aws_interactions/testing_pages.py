"""Pages for a fake client, joined by the tokens that botocore's paginators look for."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.model import OperationModel, Shape


class PagedAnswer:
    """Answers a call with the page that its token names, and a call without one with the first.

    Holds no position, so that listings may be repeated and run beside each other.
    """

    def __init__(
        self, operation: OperationModel, pagination: Mapping[str, Any], pages: Sequence[Mapping[str, Any]]
    ) -> None:
        self._operation_name = operation.name
        self._input_tokens = _as_list(pagination["input_token"])
        # The model may name a second choice after ||; the first is the service's own token.
        outputs = _as_list(pagination["output_token"])
        self._output_paths = [output.split("||")[0].strip().split(".") for output in outputs]
        self._more_results = pagination.get("more_results")
        self._token_shapes = [_shape_at(operation.output_shape, path) for path in self._output_paths]
        self._pages = list(pages) or [{}]

    def __call__(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the page for the call's parameters; an unknown token is an ``AssertionError``."""
        number = self._page_number(parameters)
        page: dict[str, Any] = copy.deepcopy(dict(self._pages[number]))
        is_last = number + 1 == len(self._pages)
        if not is_last:
            for path, shape in zip(self._output_paths, self._token_shapes, strict=True):
                _set_at(page, path, _token(number + 1, shape))
        if self._more_results and "[" not in self._more_results:
            _set_at(page, self._more_results.split("."), not is_last)
        return page

    def _page_number(self, parameters: Mapping[str, Any]) -> int:
        name = self._input_tokens[0]
        given = parameters.get(name)
        if given is None:
            return 0
        for number in range(1, len(self._pages)):
            if given == _token(number, self._token_shapes[0]):
                return number
        message = f"{self._operation_name} was asked for {name}={given!r}, which no page gave"
        raise AssertionError(message)


def _as_list(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


def _shape_at(shape: Any, path: Sequence[str]) -> Shape:
    for name in path:
        shape = shape.members[name]
    found: Shape = shape
    return found


def _set_at(page: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        page = page.setdefault(name, {})
    page[path[-1]] = value


def _token(number: int, shape: Shape) -> Any:
    text = f"fake-token-{number}"
    if shape.type_name == "string":
        return text
    if shape.type_name in {"integer", "long"}:
        return number
    if shape.type_name == "map":  # DynamoDB's last key: attribute name to typed value
        return {"fake-key": {"S": text}}
    message = f"no fake token of type {shape.type_name}"
    raise TypeError(message)
