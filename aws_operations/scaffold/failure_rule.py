"""Which members of an answer tell that a part of the request failed, though AWS answered without an error."""

import re
from typing import Any

from botocore.model import OperationModel

from aws_operations.scaffold.python_names import NamesInUse, field_name

# What is looked up or described tells of failures that others had, if it does.
_TELLS_OF_OTHERS = re.compile(
    r"(Describe|Filter|Get|Head|List|Lookup|Query|Scan|Search|Test|Validate)(?=[A-Z]|$)"
)
_PARTS = re.compile(
    r"(failed|unprocessed|unsuccessful)\w*|\w*(errors|failures)|error(entries|list)", re.IGNORECASE
)
_COUNT = re.compile(r"failed\w*count", re.IGNORECASE)
_REJECTED = re.compile(r"rejected\w*info", re.IGNORECASE)


def failure_fields(operation: OperationModel) -> tuple[str, ...]:
    """Return the names of the fields of the answer that have something in them when a part failed."""
    if operation.output_shape is None or _TELLS_OF_OTHERS.match(operation.name):
        return ()
    names = NamesInUse()
    fields = {name: names.claim(field_name(name)) for name in operation.output_shape.members}
    return tuple(
        fields[name] for name, member in operation.output_shape.members.items() if _tells(name, member)
    )


def _tells(name: str, member: Any) -> bool:
    match member.type_name:
        case "list" | "map":
            return _PARTS.fullmatch(name) is not None
        case "integer" | "long":
            return _COUNT.fullmatch(name) is not None
        case "string":
            # Lambda's word for what the function raised.
            return name == "FunctionError"
        case "structure":
            return _REJECTED.fullmatch(name) is not None
    return False
