"""Accounts and units of the organisation, found by path or id."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from aws_interactions import organizations_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import NotFound
from aws_interactions.organizations_interactions import Account, OrganizationalUnit

_ROOT_PATH = "/"
_PARENT_ID = re.compile(r"r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}")


class OrganizationalUnitDoesNotExist(NotFound):
    """There is no organisational unit of that path."""

    def __init__(self, path: str) -> None:
        super().__init__(f"there is no organisational unit {path}", resource=path)
        self.path = path


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account; ``status`` in AWS's words, ``joined_at`` when it was made or came in."""

    id: str
    name: str
    email: str | None
    status: str
    joined_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrganizationalUnitRow:
    """One unit, with its path of names from the root down."""

    path: str
    id: str
    parent_id: str


def accounts(
    ou: str | None, aws_provider: AwsClientProvider, *, recursive: bool = False
) -> Iterator[AccountRow]:
    """Yield the accounts of the organisation, or those right below ``ou``, or all below it.

    ``ou`` is a path of names (``/workloads/production``, ``/`` for the root) or the id of a unit or root;
    ``None`` is the whole organisation. Raises ``OrganizationalUnitDoesNotExist`` for a path without a
    unit, ``ParentDoesNotExist`` for such an id, ``NotInOrganization`` or ``OrganizationAccessDenied``.
    """
    yield from map(_row, _accounts(ou, aws_provider, recursive=recursive))


def organizational_units(aws_provider: AwsClientProvider) -> Iterator[OrganizationalUnitRow]:
    """Yield all units, each before those in it.

    Raises ``NotInOrganization`` or ``OrganizationAccessDenied``.
    """
    for unit in organizations_interactions.list_organizational_units(aws_provider):
        yield OrganizationalUnitRow(path=unit.path, id=unit.id, parent_id=unit.parent_id)


def _accounts(ou: str | None, aws_provider: AwsClientProvider, *, recursive: bool) -> Iterator[Account]:
    if ou is None or (recursive and ou == _ROOT_PATH):
        yield from organizations_interactions.list_accounts(aws_provider)
        return
    parent_id = ou if _PARENT_ID.fullmatch(ou) else _id_at(ou, aws_provider)
    yield from organizations_interactions.list_accounts_of(parent_id, aws_provider)
    if recursive:
        for unit in organizations_interactions.list_organizational_units(aws_provider, parent_id=parent_id):
            yield from organizations_interactions.list_accounts_of(unit.id, aws_provider)


def _id_at(path: str, aws_provider: AwsClientProvider) -> str:
    wanted = "/" + path.strip("/")
    parent_id, parent_path = _root_id(aws_provider), ""
    if wanted == _ROOT_PATH:
        return parent_id
    while True:
        unit = _step_towards(wanted, parent_id, parent_path, aws_provider)
        if unit is None:
            raise OrganizationalUnitDoesNotExist(wanted)
        if unit.path == wanted:
            return unit.id
        parent_id, parent_path = unit.id, unit.path


def _root_id(aws_provider: AwsClientProvider) -> str:
    for root in organizations_interactions.list_roots(aws_provider):
        return root.id
    raise OrganizationalUnitDoesNotExist(_ROOT_PATH)


def _step_towards(
    wanted: str, parent_id: str, parent_path: str, aws_provider: AwsClientProvider
) -> OrganizationalUnit | None:
    # A unit's name may hold slashes, so the path is not cut up but compared.
    children = organizations_interactions.list_organizational_units_of(
        parent_id, aws_provider, parent_path=parent_path
    )
    steps = [unit for unit in children if f"{wanted}/".startswith(f"{unit.path}/")]
    return max(steps, key=lambda unit: len(unit.path), default=None)


def _row(account: Account) -> AccountRow:
    return AccountRow(
        id=account.id,
        name=account.name,
        email=account.email,
        status=account.status,
        joined_at=account.joined_at,
    )
