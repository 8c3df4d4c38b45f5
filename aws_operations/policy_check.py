"""Asks, before anything runs, whether an identity may do what a recording or a saved plan needs."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import partition_of_region
from aws_interactions.aws_errors import AwsInteractionError
from aws_interactions.call_permissions import Permission, permissions_of, without_escapes
from aws_interactions.iam_interactions import DecisionKind
from aws_interactions.recorded_calls import read_recording
from aws_operations.iam import DecisionRow, decisions, simulated_principal
from aws_operations.plan_file import open_plan
from aws_operations.plan_permissions import permissions_of_change
from aws_operations.policies import AFTER_A_NAME, NothingToAllow, any_secret, in_account

_MOST_NAMED = 3
_AT_A_TIME = 50
_ROLE_ASSUMPTION: Final = ("sts", "AssumeRole")
_PARTITION = re.compile(r"^arn:[\w-]+:")
_LONGEST_START: Final = 65536


class PermissionsMissing(AwsInteractionError):
    """Policies do not allow all that is needed; ``missing`` are the decisions that say so."""

    def __init__(self, missing: tuple[DecisionRow, ...], asked: int) -> None:
        named = ", ".join(f"{each.action} on {each.resource}" for each in missing[:_MOST_NAMED])
        more = len(missing) - _MOST_NAMED
        super().__init__(
            f"{len(missing)} of {asked} permissions {'is' if len(missing) == 1 else 'are'} missing: {named}"
            + (f" and {more} more" if more > 0 else "")
        )
        self.missing = missing
        self.iam_actions = tuple(dict.fromkeys(each.action for each in missing))


@dataclass(frozen=True, slots=True)
class Need:
    """A permission that is needed in an account, ``None`` where nobody knew it, and a region."""

    account: str | None
    region: str
    permission: Permission


def needs_of(file_path: Path) -> tuple[Need, ...]:
    """Return what a recording, or a saved plan, needs, each once, in order.

    Roles that were taken on the way are left out: who comes to a target has proved that. Raises what
    ``read_recording`` and ``open_plan`` raise, and ``NothingToAllow``.
    """
    found = tuple(dict.fromkeys(_needs_of_plan(file_path) if _is_plan(file_path) else _recorded(file_path)))
    if not found:
        raise NothingToAllow(file_path)
    return found


def check(needs: tuple[Need, ...], aws_provider: AwsClientProvider) -> Iterator[DecisionRow]:
    """Yield for each permission that is needed in this account and region whether policies allow it.

    What was needed in other regions or accounts only is asked with this region and account in its ARNs.
    Nothing is done (SimulatePrincipalPolicy, one call for many resources of one kind). After the rows it
    raises ``PermissionsMissing`` if not all are allowed; and it raises what ``can_i`` does.
    """
    principal = simulated_principal(None, aws_provider)
    environment = aws_provider.get_aws_env()
    actions_by_resource: dict[str, list[str]] = {}
    for permission in needed_in(needs, environment.aws_account, environment.aws_region):
        actions_by_resource.setdefault(without_escapes(permission.resource), []).append(permission.action)
    # Those that need the same are of one kind, so that one call can ask about many.
    resources_by_actions: dict[tuple[str, ...], list[str]] = {}
    for resource, actions in actions_by_resource.items():
        resources_by_actions.setdefault(tuple(actions), []).append(resource)
    asked, missing = 0, []
    for alike, resources in resources_by_actions.items():
        for row in decisions(principal, alike, resources, aws_provider, at_a_time=_AT_A_TIME):
            asked += 1
            if row.decision is not DecisionKind.ALLOWED:
                missing.append(row)
            yield row
    if missing:
        raise PermissionsMissing(tuple(missing), asked)


def needed_in(needs: Iterable[Need], account: str, region: str) -> tuple[Permission, ...]:
    """Return the permissions that an account and region need, each once, in order.

    They are those that were needed there; of none those of the account in all its regions, of none of the
    account all of them: with this account and region in the place of those where they were needed, in names
    such as ``logs-123456789012`` too.
    """
    needs = tuple(needs)
    of_account = [each for each in needs if each.account in {account, None}]
    chosen = of_account if any(each.account for each in of_account) else needs
    here = [each for each in chosen if each.region == region]
    moved = dict.fromkeys(_moved(each, account, region) for each in here or chosen)
    return _asked_once(moved)


def _moved(need: Need, account: str, region: str) -> Permission:
    resource = in_account(need.permission.resource, account)
    if need.region != region or need.account not in {account, None}:
        # There, AWS put something else after the names of secrets.
        resource = _PARTITION.sub(f"arn:{partition_of_region(region)}:", any_secret(resource))
        resource = resource.replace(need.account or account, account).replace(need.region, region)
    return Permission(need.permission.action, resource)


def _asked_once(permissions: Collection[Permission]) -> tuple[Permission, ...]:
    """Return permissions without those that are there for a form of the ARN which AWS does not check."""
    forms = {(each.action, each.resource) for each in permissions}
    whole = {(each.action, any_secret(each.resource)) for each in permissions if not _is_any(each)}

    def is_other_form(action: str, resource: str) -> bool:
        if resource.endswith(AFTER_A_NAME):
            return (action, resource) in whole
        by_name, at_root = f"{resource}{AFTER_A_NAME}", resource.replace(":role/*/", ":role/")
        return (action, by_name) in forms or (at_root != resource and (action, at_root) in forms)

    return tuple(each for each in permissions if not is_other_form(each.action, each.resource))


def _is_any(permission: Permission) -> bool:
    return permission.resource.endswith(AFTER_A_NAME)


def _is_plan(file_path: Path) -> bool:
    try:
        with file_path.open("rb") as file:
            start = file.readline(_LONGEST_START)
    except (OSError, ValueError):
        # Who reads all of it says best what is wrong.
        return False
    try:
        first = json.loads(start)
    except ValueError:
        # The header of a plan over many targets is longer than that.
        return b'"record":"plan"' in start
    return isinstance(first, dict) and first.get("record") == "plan"


def _needs_of_plan(file_path: Path) -> Iterator[Need]:
    with open_plan(file_path) as plan:
        for change in plan:
            target = change.target
            for action, resource in permissions_of_change(change):
                yield Need(target.aws_account, target.aws_region, Permission(action, resource))


def _recorded(file_path: Path) -> Iterator[Need]:
    accounts: dict[str, set[str]] = {}
    found: dict[tuple[str, Need], None] = {}
    for call in read_recording(file_path):
        if (call.service, call.operation) == _ROLE_ASSUMPTION:
            continue
        if call.account is not None:
            accounts.setdefault(call.identity, set()).add(call.account)
        for permission in permissions_of(call):
            found[call.identity, Need(call.account, call.region, permission)] = None
    for identity, need in found:
        known = accounts.get(identity, set())
        yield replace(need, account=min(known)) if need.account is None and len(known) == 1 else need
