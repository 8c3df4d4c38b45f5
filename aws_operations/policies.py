"""IAM policies from recordings: what each identity of a run needs, and nothing else."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from aws_interactions.aws_errors import InvalidInput, LocalFileProblem
from aws_interactions.call_permissions import Permission, is_known, permissions_of, widened_resources
from aws_interactions.recorded_calls import RecordedCall, read_recording

LARGEST_MANAGED_POLICY: Final = 6144
"""How many characters a managed policy may have; IAM does not count white space."""

AFTER_A_NAME: Final = "-??????"
"""Stands for the characters that AWS puts after the name of a secret."""

_POLICY_VERSION = "2012-10-17"
_MOST_NAMED = 20
_DENIALS: Final = frozenset(
    {
        "403",  # a HEAD has no other code
        "AccessDenied",
        "AccessDeniedException",
        "AllAccessDisabled",
        "AuthorizationError",
        "Forbidden",
        "UnauthorizedOperation",
    }
)
_KEY_PARAMETERS: Final = ("KmsKeyId", "SSEKMSKeyId")
_ROLE_ASSUMPTION: Final = ("sts", "AssumeRole")
_WHOLE_SECRET = re.compile(r"^(arn:[\w-]+:secretsmanager:.*)-[A-Za-z0-9]{6}$")
# A policy may hold them, and some terminals obey them.
_CONTROLS = re.compile(r"[\x7f-\x9f]")
_SESSION = re.compile(r"arn:([\w-]+):sts::(\d{12}):assumed-role/([^/*]+)/[^/*]+")
_ROLE = re.compile(r"arn:([\w-]+):iam::(\d{12}):role/(?:.+/)?([^/]+)")
_UNKNOWN_ACCOUNT = re.compile(r"(arn:[\w-]+:(?!s3:)[\w-]+:[\w-]*:)\*(?=:)")


class IdentityToChoose(InvalidInput):
    """Several identities acted, or none is called as was asked; the message names those that there are."""


class NothingToAllow(LocalFileProblem):
    """No call of the recording, or of the identity that was asked for, needs a permission."""

    def __init__(self, file_path: Path) -> None:
        super().__init__(f"{file_path} has no call that needs a permission", file_path=file_path)


@dataclass(slots=True)
class Footprint:
    """What one identity did in a recording: the permissions that it needs, and what is doubtful of them.

    ``accounts`` are those that it acted in, as far as they were known. ``denied`` are the operations that
    were refused for want of permission, after which a run may have left others out; ``guessed`` are those
    whose actions no table knows; ``keys`` are those of KMS that calls named, whose use is no call of its own;
    ``widened`` are resources with a ``*`` for characters that no policy may hold.
    ``only_assumes`` says that it did nothing but take roles on the way to others.
    """

    identity: str
    permissions: set[Permission] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)
    guessed: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    widened: set[str] = field(default_factory=set)
    only_assumes: bool = True

    def add(self, call: RecordedCall) -> None:
        """Take a call of the identity in."""
        needed = permissions_of(call)
        if not needed:
            return
        self.permissions.update(needed)
        self.widened.update(widened_resources(call))
        if call.account is not None:
            self.accounts.add(call.account)
        name = f"{call.service} {call.operation}"
        if call.code in _DENIALS:
            self.denied.add(name)
        if not is_known(call):
            self.guessed.add(name)
        self.keys.update(str(call.parameters[name]) for name in _KEY_PARAMETERS if call.parameters.get(name))
        if (call.service, call.operation) != _ROLE_ASSUMPTION:
            self.only_assumes = False

    @property
    def settled(self) -> set[Permission]:
        """The permissions, with the account where it came to be known after the first calls."""
        if len(self.accounts) != 1:
            return self.permissions
        (account,) = self.accounts
        return {Permission(each.action, in_account(each.resource, account)) for each in self.permissions}


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy and what is to be known of it.

    ``identities`` are those whose calls it allows, ``others`` those that the recording has beside them;
    ``of_any_account``: in some ARN a ``*`` stands for the account, which was not known.
    """

    document: str
    identities: tuple[str, ...]
    others: tuple[str, ...]
    denied: tuple[str, ...]
    guessed: tuple[str, ...]
    keys: tuple[str, ...]
    widened: tuple[str, ...]
    of_any_account: bool

    @property
    def size(self) -> int:
        """How many characters IAM counts."""
        return sum(not character.isspace() for character in self.document)


def policy_from(file_path: Path, identity: str | None = None) -> Policy:
    """Return the policy that the calls of a recording need.

    ``identity`` chooses whose: a name as the recording has it, the ARN of a session for its role, or a
    pattern with ``*`` that takes several into one policy. Without it, it is the one that acted; who only took
    roles on the way is left out.

    Raises ``IdentityToChoose`` where several acted, or none is called so; ``NothingToAllow``, and what
    ``read_recording`` raises. Memory grows with the distinct permissions, not with the calls.
    """
    footprints = footprints_of(read_recording(file_path))
    chosen = _chosen(file_path, footprints, identity)
    permissions = {permission for each in chosen for permission in each.settled}
    if not permissions:
        raise NothingToAllow(file_path)
    return Policy(
        document=policy_document(permissions),
        identities=tuple(each.identity for each in chosen),
        others=tuple(each.identity for each in footprints if each not in chosen and each.permissions),
        denied=_all_of(each.denied for each in chosen),
        guessed=_all_of(each.guessed for each in chosen),
        keys=_all_of(each.keys for each in chosen),
        widened=_all_of(each.widened for each in chosen),
        of_any_account=any(_UNKNOWN_ACCOUNT.match(each.resource) for each in permissions),
    )


def footprints_of(calls: Iterable[RecordedCall]) -> list[Footprint]:
    """Return what each identity did, in the order in which they came."""
    found: dict[str, Footprint] = {}
    for call in calls:
        found.setdefault(call.identity, Footprint(call.identity)).add(call)
    return list(found.values())


def policy_document(permissions: Iterable[Permission]) -> str:
    """Return a policy, JSON in lines, that allows these permissions and no others, the same for the same.

    Each statement is of one service. What a wider resource of the same action covers is left out, and a
    secret that was called by its name as well is allowed by its name, whatever AWS puts after that.
    """
    resources_by_action: dict[str, set[str]] = {}
    for permission in by_names_of_secrets(permissions):
        resources_by_action.setdefault(permission.action, set()).add(permission.resource)
    narrowed = {action: _uncovered(found) for action, found in resources_by_action.items()}
    statements = min(_by_resources(narrowed), _by_actions(narrowed), key=lambda each: len(json.dumps(each)))
    document = {"Version": _POLICY_VERSION, "Statement": statements}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def by_names_of_secrets(permissions: Iterable[Permission]) -> list[Permission]:
    """Return permissions with the names of secrets, where they are there, in the place of whole ARNs."""
    found = list(permissions)
    names = {each.resource for each in found if each.resource.endswith(AFTER_A_NAME)}
    return [
        Permission(each.action, any_secret(each.resource)) if any_secret(each.resource) in names else each
        for each in found
    ]


def any_secret(resource: str) -> str:
    """Return the resource of a secret's whole ARN for any secret of that name; others as they are."""
    return _WHOLE_SECRET.sub(lambda found: found[1] + AFTER_A_NAME, resource)


def in_account(resource: str, account: str) -> str:
    """Return a resource of a permission with the account in the place of one that was not known."""
    return _UNKNOWN_ACCOUNT.sub(lambda found: found[1] + account, resource, count=1)


def named(names: Sequence[str]) -> str:
    """Return names for a message, the first twenty of them."""
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _chosen(file_path: Path, footprints: Sequence[Footprint], identity: str | None) -> list[Footprint]:
    names = [each.identity for each in footprints if each.permissions]
    if identity is not None:
        chosen = (
            [each for each in footprints if each.identity == identity]
            or [each for each in footprints if _is_role_of(identity, each.identity)]
            or [each for each in footprints if fnmatchcase(each.identity, identity)]
        )
        if not chosen:
            raise IdentityToChoose(f"nobody in {file_path} is called {identity}; there are: {named(names)}")
        return chosen
    acting = [each for each in footprints if not each.only_assumes]
    chosen = acting or [each for each in footprints if each.permissions]
    if len(chosen) > 1:
        raise IdentityToChoose(
            f"{file_path} has calls of {len(chosen)} identities, and each needs a policy of its own: choose "
            f"with --identity, or take several into one with a pattern such as "
            f"'arn:aws:iam::*:role/operator'; there are: {named(names)}"
        )
    return chosen


def _is_role_of(session_arn: str, identity: str) -> bool:
    """Say whether an identity is the role of a session, whose ARN leaves out the role's path."""
    session, role = _SESSION.fullmatch(session_arn), _ROLE.fullmatch(identity)
    return session is not None and role is not None and session.groups() == role.groups()


def _all_of(sets: Iterable[set[str]]) -> tuple[str, ...]:
    return tuple(sorted({name for names in sets for name in names}))


def _uncovered(resources: set[str]) -> frozenset[str]:
    starts = {each[:-1] for each in resources if each.endswith("*")}
    # By length: of a million resources, each may be a start.
    lengths = {len(start) for start in starts}
    return frozenset(
        each
        for each in resources
        if not any(each[:length] in starts and each != f"{each[:length]}*" for length in lengths)
    )


def _by_resources(narrowed: Mapping[str, frozenset[str]]) -> list[dict[str, Any]]:
    """Return statements in which actions stand together that need the very same resources."""
    actions: dict[tuple[str, frozenset[str]], set[str]] = {}
    for action, resources in narrowed.items():
        actions.setdefault((_service(action), resources), set()).add(action)
    return _statements((found, resources) for (_, resources), found in actions.items())


def _by_actions(narrowed: Mapping[str, frozenset[str]]) -> list[dict[str, Any]]:
    """Return statements in which resources stand together that need the very same actions."""
    needed: dict[tuple[str, str], set[str]] = {}
    for action, resources in narrowed.items():
        for resource in resources:
            needed.setdefault((_service(action), resource), set()).add(action)
    alike: dict[frozenset[str], set[str]] = {}
    for (_, resource), actions in needed.items():
        alike.setdefault(frozenset(actions), set()).add(resource)
    return _statements(alike.items())


def _statements(pairs: Iterable[tuple[Iterable[str], Iterable[str]]]) -> list[dict[str, Any]]:
    made = sorted((sorted(actions), sorted(resources)) for actions, resources in pairs)
    return [{"Effect": "Allow", "Action": actions, "Resource": resources} for actions, resources in made]


def _service(action: str) -> str:
    return action.partition(":")[0]
