"""IAM: what an identity may do, roles, the account's alias."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from aws_interactions.aws_errors import NotFound, Unavailable, translate_aws_errors
from aws_interactions.calls import pages_of

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

_SERVICE = "iam"

ContextValue = str | bool | int | Sequence[str]


class RoleDoesNotExist(NotFound):
    """There is no role of that name in the account."""

    def __init__(self, role_name: str) -> None:
        super().__init__(f"there is no role {role_name}", resource=role_name)
        self.role_name = role_name


class PrincipalDoesNotExist(NotFound):
    """There is no user, group or role of that ARN in the account."""

    def __init__(self, principal_arn: str) -> None:
        super().__init__(f"there is no user, group or role {principal_arn}", resource=principal_arn)
        self.principal_arn = principal_arn


class PoliciesNotSimulated(Unavailable):
    """What answers in place of AWS, such as the sandbox, simulates no policies."""

    def __init__(self, principal_arn: str) -> None:
        super().__init__(
            f"the sandbox simulates no policies; only AWS itself tells what {principal_arn} may do",
            resource=principal_arn,
        )
        self.principal_arn = principal_arn


class DecisionKind(StrEnum):
    """What policies say to an action: an explicit deny is written down, an implicit one lacks an allow."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicit_deny"
    IMPLICIT_DENY = "implicit_deny"


_KINDS = {
    "allowed": DecisionKind.ALLOWED,
    "explicitDeny": DecisionKind.EXPLICIT_DENY,
    "implicitDeny": DecisionKind.IMPLICIT_DENY,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether one action on one resource would be allowed.

    ``matched_policies`` are the policies whose statements decided, ``missing_context`` the condition keys
    that policies ask for and that were not given. ``allowed_by_organizations`` (service control policies)
    and ``allowed_by_boundary`` are ``None`` where there are none of these.
    """

    action: str
    resource: str
    decision: DecisionKind
    missing_context: tuple[str, ...] = ()
    matched_policies: tuple[str, ...] = ()
    allowed_by_organizations: bool | None = None
    allowed_by_boundary: bool | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """A role; ``path`` begins and ends with a slash, ``created_at`` has a time zone."""

    name: str
    arn: str
    id: str
    path: str
    created_at: datetime
    max_session_seconds: int | None
    description: str | None
    permissions_boundary_arn: str | None


def simulate_principal_policy(
    principal_arn: str,
    actions: Sequence[str],
    resources: Sequence[str],
    aws_provider: "AwsClientProvider",
    *,
    context: Mapping[str, ContextValue] | None = None,
    at_a_time: int = 1,
) -> Iterator[Decision]:
    """Yield for each resource, and in it for each action, what the principal's policies decide.

    ``principal_arn`` is a user, group or role of the caller's account; ``actions`` are like
    ``s3:GetObject``, without wildcards; ``resources`` are ARNs or ``*``, none means ``*``. ``context``
    gives condition keys such as ``aws:SourceIp`` their values. ``at_a_time`` asks about so many resources,
    of one kind, in one call, and about those that the answer does not name one by one.

    Policies of resources and of sessions are not looked at. Nothing is done and nothing logged as
    refused (SimulatePrincipalPolicy, one call for each resource, or batch of them). Raises
    ``PrincipalDoesNotExist``; ``InvalidInput`` for an action or ARN that IAM does not know;
    ``PoliciesNotSimulated`` where no AWS answers.
    """
    entries = [_context_entry(name, value) for name, value in (context or {}).items()]
    logger.debug(
        "simulate_principal_policy principal=%s actions=%s resources=%s context=%s",
        principal_arn,
        actions,
        resources,
        list(context or ()),
    )
    client = aws_provider.get_iam()
    absent = {
        "NoSuchEntity": lambda: PrincipalDoesNotExist(principal_arn),
        "NotImplemented": lambda: PoliciesNotSimulated(principal_arn),
    }
    names = list(dict.fromkeys(actions))

    def results(arns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        with translate_aws_errors(_SERVICE, principal_arn, absent):
            for page in pages_of(
                client,
                "simulate_principal_policy",
                PolicySourceArn=principal_arn,
                ActionNames=names,
                ResourceArns=list(arns),
                ContextEntries=entries,
            ):
                yield from page["EvaluationResults"]

    asked = list(dict.fromkeys(resources or ("*",)))
    for start in range(0, len(asked), at_a_time):
        batch = asked[start : start + at_a_time]
        # In one call for all, it depends on the service which resource a decision and its context belong to.
        named = (each for found in results(batch) for each in _named(found)) if len(batch) > 1 else ()
        decided = {(each.action, each.resource): each for each in named}
        for resource in batch:
            known = [decided[name, resource] for name in names if (name, resource) in decided]
            if len(known) == len(names):
                yield from known
            else:
                yield from (_decision(found, resource) for found in results([resource]))


def get_role(role_name: str, aws_provider: "AwsClientProvider") -> Role:
    """Return a role of the caller's account by its name, without path (GetRole).

    Raises ``RoleDoesNotExist``.
    """
    logger.debug("get_role role=%s", role_name)
    client: Any = aws_provider.get_iam()
    with translate_aws_errors(_SERVICE, role_name, {"NoSuchEntity": lambda: RoleDoesNotExist(role_name)}):
        found = client.get_role(RoleName=role_name)["Role"]
    return Role(
        name=found["RoleName"],
        arn=found["Arn"],
        id=found["RoleId"],
        path=found["Path"],
        created_at=found["CreateDate"],
        max_session_seconds=found.get("MaxSessionDuration"),
        description=found.get("Description"),
        permissions_boundary_arn=found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
    )


def get_account_alias(aws_provider: "AwsClientProvider") -> str | None:
    """Return the alias of the caller's account, or ``None`` if it has none (ListAccountAliases)."""
    logger.debug("get_account_alias")
    with translate_aws_errors(_SERVICE, "the account's alias"):
        for page in pages_of(aws_provider.get_iam(), "list_account_aliases"):
            for alias in page["AccountAliases"]:
                return str(alias)
    return None


def _context_entry(name: str, value: ContextValue) -> dict[str, Any]:
    if isinstance(value, bool):
        kind, values = "boolean", [str(value).lower()]
    elif isinstance(value, int):
        kind, values = "numeric", [str(value)]
    elif isinstance(value, str):
        kind, values = "string", [value]
    else:
        kind, values = "stringList", list(value)
    return {"ContextKeyName": name, "ContextKeyType": kind, "ContextKeyValues": values}


def _named(found: Mapping[str, Any]) -> Iterator[Decision]:
    """Yield what a result says of each resource that it names."""
    parts = found.get("ResourceSpecificResults", ())
    if not parts:
        yield _decision(found, found.get("EvalResourceName", ""))
    whole = {name: found[name] for name in ("EvalActionName", "OrganizationsDecisionDetail") if name in found}
    for part in parts:
        yield _decision(
            {**whole, **part, "EvalDecision": part["EvalResourceDecision"]}, part["EvalResourceName"]
        )


def _decision(found: Mapping[str, Any], resource: str) -> Decision:
    # What is missing for a named resource is told beside that resource, not above.
    parts = (found, *found.get("ResourceSpecificResults", ()))
    missing = (key for part in parts for key in part.get("MissingContextValues", ()))
    policies = (
        statement["SourcePolicyId"]
        for part in parts
        for statement in part.get("MatchedStatements", ())
        if "SourcePolicyId" in statement
    )
    organizations = found.get("OrganizationsDecisionDetail", {})
    boundary = found.get("PermissionsBoundaryDecisionDetail", {})
    return Decision(
        action=found["EvalActionName"],
        resource=resource,
        decision=_KINDS[found["EvalDecision"]],
        missing_context=tuple(dict.fromkeys(missing)),
        matched_policies=tuple(dict.fromkeys(policies)),
        allowed_by_organizations=organizations.get("AllowedByOrganizations"),
        allowed_by_boundary=boundary.get("AllowedByPermissionsBoundary"),
    )
