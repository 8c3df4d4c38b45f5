"""``identity``: who the credentials act as."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from commands.app import noun
from commands.lazy import lazy
from commands.shapes import Shape

if TYPE_CHECKING:
    from aws_operations import identity as operations
else:
    operations = lazy("aws_operations.identity")

identity = noun("identity", help="Who the credentials act as.")


@identity.verb("whoami", shape=Shape.ROWS, example="manage-resources --sandbox identity whoami")
def whoami() -> Callable[..., Any]:
    """Show account, region and ARN of the identity that calls are made as."""
    return operations.whoami
