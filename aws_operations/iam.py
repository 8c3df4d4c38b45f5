"""What an identity may do."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aws_interactions import iam_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.iam_interactions import Decision, DecisionKind
from aws_interactions.sts_interactions import get_caller_identity
from aws_operations.targets import fill_template

_ARN = re.compile(r"arn:(?P<partition>[\w-]+):(?P<service>iam|sts)::(?P<account>\d{12}):(?P<rest>.+)")


class PrincipalNotSimulated(InvalidInput):
    """IAM decides nothing by policies for this identity, or simulates none of its kind."""

    def __init__(self, principal_arn: str, reason: str) -> None:
        super().__init__(f"{principal_arn}: {reason}", resource=principal_arn)
        self.principal_arn = principal_arn


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """Whether one action on one resource would be allowed, and what speaks for or against it.

    ``policies`` are those whose statements decided; ``missing_context`` are condition keys that policies
    ask for, so that the answer may be another one in a real request; ``denied_by`` says which limit
    stands above the policies: ``organization`` or ``boundary``.
    """

    action: str
    resource: str
    decision: DecisionKind
    policies: tuple[str, ...]
    missing_context: tuple[str, ...]
    denied_by: str | None


def can_i(
    actions: Sequence[str],
    resources: Sequence[str],
    principal_arn: str | None,
    aws_provider: AwsClientProvider,
) -> Iterator[DecisionRow]:
    """Yield for each resource, and in it for each action, whether a principal's policies allow it.

    ``principal_arn`` ``None`` is the caller. The session of an assumed role stands for its role. Resources
    and the principal may hold ``{account}`` and ``{region}``; no resource means ``*``.

    Raises ``PrincipalNotSimulated`` for a root user, a federated user and a session of another account;
    ``RoleDoesNotExist``, ``PrincipalDoesNotExist``, ``InvalidInput`` or ``AccessDenied``.
    """
    principal = simulated_principal(principal_arn, aws_provider)
    yield from decisions(
        principal, actions, [fill_template(resource, aws_provider) for resource in resources], aws_provider
    )


def decisions(
    principal_arn: str,
    actions: Sequence[str],
    resources: Sequence[str],
    aws_provider: AwsClientProvider,
    *,
    at_a_time: int = 1,
) -> Iterator[DecisionRow]:
    """Yield what policies decide for a user, group or role, as ``can_i`` does; ARNs are taken as they are.

    ``at_a_time`` is how many resources, of one kind, one call asks about.
    """
    for decision in iam_interactions.simulate_principal_policy(
        principal_arn, actions, resources, aws_provider, at_a_time=at_a_time
    ):
        yield DecisionRow(
            action=decision.action,
            resource=decision.resource,
            decision=decision.decision,
            policies=decision.matched_policies,
            missing_context=decision.missing_context,
            denied_by=_limit(decision),
        )


def simulated_principal(principal_arn: str | None, aws_provider: AwsClientProvider) -> str:
    """Return the ARN that IAM simulates for a principal, ``None`` being the caller: of a session its role.

    It may hold ``{account}`` and ``{region}``. Raises what ``can_i`` does for principals.
    """
    asked = get_caller_identity(aws_provider).arn if principal_arn is None else principal_arn
    return _simulated(fill_template(asked, aws_provider), aws_provider)


def _simulated(principal_arn: str, aws_provider: AwsClientProvider) -> str:
    parts = _ARN.fullmatch(principal_arn)
    if parts is None:
        raise PrincipalNotSimulated(principal_arn, "not the ARN of a user, group, role or role session")
    kind, _, name = parts["rest"].partition("/")
    if kind == "root":
        raise PrincipalNotSimulated(
            principal_arn,
            "IAM policies do not bind the root user; it may do all that service control policies leave",
        )
    if parts["service"] == "iam":
        return principal_arn
    if kind == "user":
        # STS has no such ARN: it is how the sandbox calls whoever assumed no role.
        raise iam_interactions.PoliciesNotSimulated(principal_arn)
    if kind != "assumed-role":
        raise PrincipalNotSimulated(principal_arn, "IAM simulates no such session; ask for its user")
    own_account = aws_provider.get_aws_env().aws_account
    if parts["account"] != own_account:
        raise PrincipalNotSimulated(principal_arn, f"a session of another account than {own_account}")
    # The session's ARN leaves out the role's path, which the role's ARN needs.
    return iam_interactions.get_role(name.partition("/")[0], aws_provider).arn


def _limit(decision: Decision) -> str | None:
    if decision.allowed_by_organizations is False:
        return "organization"
    return "boundary" if decision.allowed_by_boundary is False else None
