"""AWS Organizations: the organisation, its units and its accounts.

All but ``describe_organization`` is answered to the management account and to delegated administrators
only; any other account gets ``OrganizationAccessDenied``.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aws_interactions.aws_errors import AccessDenied, ErrorsByCode, NotFound, translate_aws_errors
from aws_interactions.calls import pages_of
from aws_interactions.service_operations import iam_actions_of

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

_SERVICE = "organizations"
_FOR_ANY_MEMBER = "DescribeOrganization"
_WHO_MAY_ASK = "only the management account of the organisation and delegated administrators may ask"


class NotInOrganization(NotFound):
    """The caller's account belongs to no organisation."""

    def __init__(self) -> None:
        super().__init__("the account is in no organisation", resource="*")


class OrganizationAccessDenied(AccessDenied):
    """Organizations refused the identity, or the account that it is in."""

    def __init__(self, operation_name: str) -> None:
        actions = iam_actions_of(_SERVICE, operation_name)
        who = "" if operation_name == _FOR_ANY_MEMBER else f": {_WHO_MAY_ASK}"
        super().__init__(
            f"no permission for {' and '.join(actions)}{who}",
            resource="*",
            iam_actions=actions,
        )
        self.refused_operation = operation_name


class ParentDoesNotExist(NotFound):
    """There is no root and no organisational unit of that id in the organisation."""

    def __init__(self, parent_id: str) -> None:
        super().__init__(f"there is no root or organisational unit {parent_id}", resource=parent_id)
        self.parent_id = parent_id


@dataclass(frozen=True, slots=True)
class Organization:
    """The organisation of the caller's account; ``feature_set`` is ``ALL`` or ``CONSOLIDATED_BILLING``."""

    id: str
    arn: str
    feature_set: str
    management_account_id: str
    management_account_email: str | None


@dataclass(frozen=True, slots=True)
class Root:
    """The root of an organisation's tree, above all units."""

    id: str
    name: str
    arn: str


@dataclass(frozen=True, slots=True)
class OrganizationalUnit:
    """A unit; ``path`` is made of names from the root down, such as ``/workloads/production``."""

    id: str
    name: str
    path: str
    parent_id: str
    arn: str


@dataclass(frozen=True, slots=True)
class Account:
    """A member account or the management account.

    ``status`` is in AWS's words: ``ACTIVE``, ``SUSPENDED``, ``PENDING_CLOSURE`` and, where AWS tells the
    state, ``PENDING_ACTIVATION`` and ``CLOSED``. ``email`` and ``joined_at`` (with a time zone) are
    ``None`` for an account that has not come up yet.
    """

    id: str
    name: str
    email: str | None
    status: str
    joined_at: datetime | None
    arn: str


def describe_organization(aws_provider: "AwsClientProvider") -> Organization:
    """Return the organisation of the caller's account (DescribeOrganization); any member may ask.

    Raises ``NotInOrganization`` or ``OrganizationAccessDenied``.
    """
    logger.debug("describe_organization")
    client: Any = aws_provider.get_organizations()
    with _errors("DescribeOrganization"):
        found = client.describe_organization()["Organization"]
    return Organization(
        id=found["Id"],
        arn=found["Arn"],
        feature_set=found["FeatureSet"],
        management_account_id=found["MasterAccountId"],
        management_account_email=found.get("MasterAccountEmail"),
    )


def list_roots(aws_provider: "AwsClientProvider") -> Iterator[Root]:
    """Yield the organisation's roots (ListRoots); AWS gives each organisation one.

    Raises ``NotInOrganization`` or ``OrganizationAccessDenied``.
    """
    logger.debug("list_roots")
    with _errors("ListRoots"):
        for page in pages_of(aws_provider.get_organizations(), "list_roots"):
            for found in page["Roots"]:
                yield Root(id=found["Id"], name=found["Name"], arn=found["Arn"])


def list_accounts(aws_provider: "AwsClientProvider") -> Iterator[Account]:
    """Yield all accounts of the organisation, whatever unit they are in (ListAccounts, pages of 20).

    Raises ``NotInOrganization`` or ``OrganizationAccessDenied``.
    """
    logger.debug("list_accounts")
    with _errors("ListAccounts"):
        for page in pages_of(aws_provider.get_organizations(), "list_accounts"):
            yield from map(_account, page["Accounts"])


def list_accounts_of(parent_id: str, aws_provider: "AwsClientProvider") -> Iterator[Account]:
    """Yield the accounts right below a root or unit, not those of units in it (ListAccountsForParent).

    Raises ``ParentDoesNotExist``, ``NotInOrganization`` or ``OrganizationAccessDenied``.
    """
    logger.debug("list_accounts_of parent=%s", parent_id)
    client = aws_provider.get_organizations()
    with _errors("ListAccountsForParent", parent_id):
        for page in pages_of(client, "list_accounts_for_parent", ParentId=parent_id):
            yield from map(_account, page["Accounts"])


def list_organizational_units_of(
    parent_id: str, aws_provider: "AwsClientProvider", *, parent_path: str = ""
) -> Iterator[OrganizationalUnit]:
    """Yield the units right below a root or unit (ListOrganizationalUnitsForParent).

    ``parent_path`` is the parent's own path, empty for a root: AWS gives names only, so paths begin there.
    Raises ``ParentDoesNotExist``, ``NotInOrganization`` or ``OrganizationAccessDenied``.
    """
    logger.debug("list_organizational_units_of parent=%s", parent_id)
    client = aws_provider.get_organizations()
    with _errors("ListOrganizationalUnitsForParent", parent_id):
        for page in pages_of(client, "list_organizational_units_for_parent", ParentId=parent_id):
            for found in page["OrganizationalUnits"]:
                yield OrganizationalUnit(
                    id=found["Id"],
                    name=found["Name"],
                    path=f"{parent_path}/{found['Name']}",
                    parent_id=parent_id,
                    arn=found["Arn"],
                )


def list_organizational_units(
    aws_provider: "AwsClientProvider", *, parent_id: str | None = None, parent_path: str = ""
) -> Iterator[OrganizationalUnit]:
    """Yield all units below a root or unit: each before those in it, siblings as AWS gives them.

    ``parent_id`` ``None`` is the root (ListRoots); paths begin with ``parent_path``. Then it is
    ListOrganizationalUnitsForParent for the parent and each unit below, one call at least for each, so a
    large tree takes a while. Raises ``ParentDoesNotExist``, ``NotInOrganization`` or
    ``OrganizationAccessDenied``.
    """
    parents = [parent_id] if parent_id is not None else [root.id for root in list_roots(aws_provider)]
    for each in parents:
        for unit in list_organizational_units_of(each, aws_provider, parent_path=parent_path):
            yield unit
            yield from list_organizational_units(aws_provider, parent_id=unit.id, parent_path=unit.path)


def _account(found: Any) -> Account:
    return Account(
        id=found["Id"],
        name=found.get("Name", ""),
        email=found.get("Email"),
        # AWS replaces Status by State, which tells more; for a while either may be missing.
        status=found.get("State") or found.get("Status", ""),
        joined_at=found.get("JoinedTimestamp"),
        arn=found["Arn"],
    )


@contextmanager
def _errors(operation_name: str, parent_id: str | None = None) -> Iterator[None]:
    by_code: ErrorsByCode = {
        "AWSOrganizationsNotInUseException": NotInOrganization,
        "AccessDeniedException": lambda: OrganizationAccessDenied(operation_name),
        "ParentNotFoundException": lambda: ParentDoesNotExist(parent_id or ""),
    }
    with translate_aws_errors(_SERVICE, parent_id or "*", by_code):
        yield
