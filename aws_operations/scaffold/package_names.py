"""Where a service's files go in a project."""

import keyword
import sys

from aws_operations.scaffold.service_design import ServiceDesign

_WRAPPER = "_wrapper"
_TAKEN = frozenset({"core", "main", "tests"})


def package_name(design: ServiceDesign) -> str:
    """Return the name of the service's folder, which can be imported: ``sqs``, ``lambda_``."""
    name = design.module_name.removesuffix(_WRAPPER)
    if keyword.iskeyword(name) or name in sys.stdlib_module_names or name in _TAKEN:
        return f"{name}_"
    return name
