"""Accounts and units of the organisation, found by path or id."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from aws_interactions import organizations_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import NotFound
from aws_interactions.organizations_interactions import Account, OrganizationalUnit

_ROOT_PATH = "/"
_MANY_NEIGHBOURS = 8
_PARENT_ID = re.compile(r"r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}")


class OrganizationalUnitDoesNotExist(NotFound):
    """There is no organisational unit of that path; ``neighbours`` are paths that are where it would be."""

    def __init__(self, path: str, neighbours: Sequence[str] = ()) -> None:
        super().__init__(f"there is no organisational unit {path}{_near(path, neighbours)}", resource=path)
        self.path = path
        self.neighbours = tuple(neighbours)


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


class OrganizationTree:
    """The accounts and units of one organisation, each list asked for once however often it is needed."""

    def __init__(self, aws_provider: AwsClientProvider) -> None:
        self._aws_provider = aws_provider
        self._accounts: dict[str, list[Account]] = {}
        self._units: dict[str, list[OrganizationalUnit]] = {}
        self._all: list[Account] | None = None

    def all_accounts(self) -> list[Account]:
        """Return all accounts of the organisation (ListAccounts).

        Raises ``NotInOrganization`` or ``OrganizationAccessDenied``.
        """
        if self._all is None:
            self._all = list(organizations_interactions.list_accounts(self._aws_provider))
        return self._all

    def accounts_below(self, ou: str) -> Iterator[Account]:
        """Yield the accounts in a unit and in all units below it, which may be the root; path or id.

        Raises ``OrganizationalUnitDoesNotExist``, ``ParentDoesNotExist``, ``NotInOrganization`` or
        ``OrganizationAccessDenied``.
        """
        if ou == _ROOT_PATH:
            yield from self.all_accounts()
            return
        yield from self._below(self.id_of(ou))

    def id_of(self, ou: str) -> str:
        """Return the id of the unit or root that a path or an id means; asks nothing for an id.

        Raises ``OrganizationalUnitDoesNotExist``.
        """
        if _PARENT_ID.fullmatch(ou):
            return ou
        wanted = "/" + ou.strip("/")
        parent_id, parent_path = self._root_id(), ""
        while wanted != (parent_path or _ROOT_PATH):
            step = self._step_towards(wanted, parent_id, parent_path)
            if step is None:
                neighbours = [f"{parent_path}/{unit.name}" for unit in self._units_of(parent_id)]
                raise OrganizationalUnitDoesNotExist(wanted, neighbours)
            parent_id, parent_path = step
        return parent_id

    def _below(self, parent_id: str) -> Iterator[Account]:
        if parent_id not in self._accounts:
            found = organizations_interactions.list_accounts_of(parent_id, self._aws_provider)
            self._accounts[parent_id] = list(found)
        yield from self._accounts[parent_id]
        for unit in self._units_of(parent_id):
            yield from self._below(unit.id)

    def _units_of(self, parent_id: str) -> list[OrganizationalUnit]:
        if parent_id not in self._units:
            found = organizations_interactions.list_organizational_units_of(parent_id, self._aws_provider)
            self._units[parent_id] = list(found)
        return self._units[parent_id]

    def _root_id(self) -> str:
        for root in organizations_interactions.list_roots(self._aws_provider):
            return root.id
        raise OrganizationalUnitDoesNotExist(_ROOT_PATH)

    def _step_towards(self, wanted: str, parent_id: str, parent_path: str) -> tuple[str, str] | None:
        # A unit's name may hold slashes, so the path is not cut up but compared.
        children = [(unit.id, f"{parent_path}/{unit.name}") for unit in self._units_of(parent_id)]
        steps = [(unit_id, path) for unit_id, path in children if f"{wanted}/".startswith(f"{path}/")]
        return max(steps, key=lambda step: len(step[1]), default=None)


def _near(path: str, neighbours: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(path, neighbours, n=1)
    if near:
        return f" (did you mean {near[0]}?)"
    shown = [*neighbours[:_MANY_NEIGHBOURS], *(["..."] if len(neighbours) > _MANY_NEIGHBOURS else [])]
    return f" (there is {', '.join(shown)})" if shown else ""


def _accounts(ou: str | None, aws_provider: AwsClientProvider, *, recursive: bool) -> Iterator[Account]:
    if ou is None or (recursive and ou == _ROOT_PATH):
        yield from organizations_interactions.list_accounts(aws_provider)
        return
    tree = OrganizationTree(aws_provider)
    if recursive:
        yield from tree.accounts_below(ou)
        return
    yield from organizations_interactions.list_accounts_of(tree.id_of(ou), aws_provider)


def _row(account: Account) -> AccountRow:
    return AccountRow(
        id=account.id,
        name=account.name,
        email=account.email,
        status=account.status,
        joined_at=account.joined_at,
    )
