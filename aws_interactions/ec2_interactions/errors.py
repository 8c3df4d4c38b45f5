"""What EC2 refuses, as exceptions that keep what they are about, and the translation to them."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from aws_interactions.aws_errors import (
    AccessDenied,
    AwsInteractionError,
    Conflict,
    ErrorsByCode,
    InvalidInput,
    NotFound,
    Unavailable,
    WaitTimedOut,
    error_code,
    translate_aws_errors,
)

if TYPE_CHECKING:
    from aws_interactions.ec2_interactions.instance_records import Instance

_FEW = 5


class InstanceDoesNotExist(NotFound):
    """There is no such instance in this account and region; ``instance_ids`` are all that are missing."""

    def __init__(self, *instance_ids: str) -> None:
        super().__init__(_absent("instance", instance_ids), resource=named(instance_ids))
        self.instance_ids = instance_ids


class VpcDoesNotExist(NotFound):
    """There is no such VPC in this account and region."""

    def __init__(self, vpc_id: str) -> None:
        super().__init__(f"there is no VPC {vpc_id}", resource=vpc_id)
        self.vpc_id = vpc_id


class SubnetDoesNotExist(NotFound):
    """There is no such subnet in this account and region."""

    def __init__(self, subnet_id: str) -> None:
        super().__init__(f"there is no subnet {subnet_id}", resource=subnet_id)
        self.subnet_id = subnet_id


class InstanceStateConflict(Conflict):
    """Instances are in a state from which there is no way to what was asked for."""

    def __init__(self, message: str, instance_ids: Sequence[str]) -> None:
        super().__init__(message, resource=named(instance_ids))
        self.instance_ids = tuple(instance_ids)


class InstancesAreLate(WaitTimedOut):
    """Instances did not come to a state in time; ``come`` are those that did."""

    def __init__(self, message: str, *, late_ids: Sequence[str], come: "Sequence[Instance]") -> None:
        super().__init__(message, resource=named(late_ids))
        self.instance_ids = tuple(late_ids)
        self.come = tuple(come)


def check_is_list(ids: Collection[str]) -> None:
    """Raise ``InvalidInput`` for one bare id, whose characters would be taken for ids."""
    if isinstance(ids, str):
        message = f"give a list of ids, [{ids!r}], not one bare id"
        raise InvalidInput(message)


def named(ids: Sequence[str]) -> str:
    """Return ids as a message has them: the first few, and how many more."""
    shown = ", ".join(ids[:_FEW])
    return shown if len(ids) <= _FEW else f"{shown} and {len(ids) - _FEW} more"


def _absent(what: str, ids: Sequence[str]) -> str:
    return f"there is no {what} {named(ids)}" if len(ids) == 1 else f"there are no {what}s {named(ids)}"


# EC2's own, in no table of kinds; what AWS says of each names what is wrong.
_KIND_BY_CODE: dict[str, type[AwsInteractionError]] = {
    "IncorrectSpotRequestState": Conflict,
    "InstanceLimitExceeded": Conflict,
    "InsufficientInstanceCapacity": Unavailable,
    "InvalidID": InvalidInput,
    "TagLimitExceeded": InvalidInput,
    "UnsupportedOperation": Conflict,
    "VcpuLimitExceeded": Conflict,
}


@contextmanager
def ec2_errors(resource: str, by_code: ErrorsByCode | None = None) -> Iterator[None]:
    """Raise what botocore raises in the body as this library's errors, the original as ``__cause__``."""
    with translate_aws_errors("ec2", resource, by_code):
        try:
            yield
        except ClientError as error:
            kind = AccessDenied if _is_about_what_others_own(error) else _KIND_BY_CODE.get(error_code(error))
            if kind is None:
                raise
            raise kind(f"{resource}: {message_of(error)}", resource=resource) from error


def _is_about_what_others_own(error: ClientError) -> bool:
    # EC2 uses the code for wrong keys too, and then gives the status 401.
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return error_code(error) == "AuthFailure" and status == 400


def message_of(error: ClientError) -> str:
    """Return AWS's words for an error, its code where there are none."""
    return str(error.response.get("Error", {}).get("Message") or error_code(error))
