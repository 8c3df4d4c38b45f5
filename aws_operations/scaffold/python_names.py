"""Python names for what AWS names: never a keyword, never in the way of a builtin, never twice."""

import builtins
import keyword
import re
from collections.abc import Iterable

from botocore import xform_name

_BUILTINS = frozenset(dir(builtins))
# E741: these look like digits.
_AMBIGUOUS = frozenset({"l", "I", "O"})

# What a generated module imports, defines, or uses as a local variable.
MODULE_NAMES = frozenset(
    {
        "about",
        "annotations",
        "answer",
        "aws_provider",
        "client",
        "contextmanager",
        "dataclass",
        "datetime",
        "each",
        "field",
        "logger",
        "logging",
        "page",
        "pages",
        "request",
        "self",
    }
)
# Names that a class of a service may not take: what a reader of the module takes for something else.
CLASS_NAMES = _BUILTINS | frozenset(
    {
        "AccessDenied",
        "AlreadyExists",
        "Any",
        "AwsClientProvider",
        "AwsInteractionError",
        "Callable",
        "ClientError",
        "Conflict",
        "CredentialsProblem",
        "Dict",
        "Enum",
        "ErrorsByCode",
        "FrozenSet",
        "InvalidInput",
        "Iterator",
        "List",
        "Mapping",
        "NotFound",
        "Object",
        "Optional",
        "ReadOnlyViolation",
        "Sequence",
        "Set",
        "StrEnum",
        "Throttled",
        "Tuple",
        "Type",
        "TypeVar",
        "Unavailable",
        "Union",
    }
)
# A field of one of these names would hide the type from the annotations of the fields below it.
_FIELD_NAMES = frozenset(
    {"bool", "bytes", "datetime", "dict", "field", "float", "int", "object", "str", "tuple", "type"}
)


class NamesInUse:
    """Names of one scope: what is asked for twice comes back with a number behind it."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def claim(self, name: str) -> str:
        """Return the name, or the name with the lowest free number from 2 on, and take it."""
        chosen, number = name, 2
        while chosen in self._taken:
            chosen, number = f"{name}_{number}", number + 1
        self._taken.add(chosen)
        return chosen


def snake_case(aws_name: str) -> str:
    """Return the name as botocore's clients would write it, and always an identifier."""
    name = _words(aws_name)
    return f"n{name}" if not name or name[0].isdigit() else name


def function_name(aws_name: str) -> str:
    """Return the name of the function for an operation; none that pytest would take for a test."""
    if aws_name.startswith("Test"):
        return snake_case(f"Call{aws_name}")
    return _stepped_aside(snake_case(aws_name), _BUILTINS | MODULE_NAMES)


def parameter_name(aws_name: str) -> str:
    """Return the name of a parameter for a member of a request."""
    return _stepped_aside(snake_case(aws_name), _BUILTINS | MODULE_NAMES)


def field_name(aws_name: str) -> str:
    """Return the name of a field of a dataclass; ``id`` stays ``id`` there."""
    return _stepped_aside(snake_case(aws_name), _FIELD_NAMES)


def class_name(aws_name: str, prefix: str) -> str:
    """Return the name of a class for a shape; ``prefix`` stands before a name that means something else."""
    words = [word for word in re.split(r"[^0-9A-Za-z]+", aws_name) if word]
    name = "".join(word[0].upper() + word[1:] for word in words)
    if not name or name[0].isdigit() or name in CLASS_NAMES or keyword.iskeyword(name):
        name = f"{prefix}{name or 'Shape'}"
    return name


def enum_member_name(aws_value: str) -> str:
    """Return the name of an enum's member for AWS's value: words in capitals."""
    words = re.sub(r"[^0-9A-Za-z]+", "_", aws_value).strip("_")
    name = re.sub(r"_+", "_", words) if words == words.upper() else _words(words).upper()
    if not name:
        return "EMPTY" if not aws_value else "OTHER"
    return f"VALUE_{name}" if name[0].isdigit() or name in _AMBIGUOUS else name


def class_prefix(service_name: str) -> str:
    """Return what stands before the names of a service's classes where they need it, such as ``Sqs``."""
    words = re.split(r"[^0-9a-z]+", service_name.lower())
    prefix = "".join(word.capitalize() for word in words)
    return prefix if prefix[:1].isalpha() else f"Aws{prefix}"


def module_part(service_name: str) -> str:
    """Return the service's name as it stands in names of modules and getters: ``cognito_idp``."""
    name = re.sub(r"[^0-9a-z]+", "_", service_name.lower()).strip("_")
    return name if name[:1].isalpha() else f"aws_{name}"


def _words(aws_name: str) -> str:
    words = re.sub(r"[^0-9A-Za-z]+", "_", aws_name).strip("_")
    return re.sub(r"_+", "_", xform_name(words)).strip("_").lower()


def _stepped_aside(name: str, avoided: frozenset[str]) -> str:
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in avoided or name in _AMBIGUOUS:
        return f"{name}_"
    return name
