"""Carries changes out with sessions that AWS itself holds to them.

Where the identity is a role that this program assumes, it is assumed again for each handful of changes, with
a session policy of just their actions and resources. A wrong call, whoever is to blame for it, is then
refused by AWS. Each session costs two calls of STS: AssumeRole, and GetCallerIdentity to check its account.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NoReturn

from aws_interactions.aws_client_provider import NO_ROLE, AwsClientProvider
from aws_interactions.aws_errors import AccessDenied, AwsInteractionError, InvalidInput
from aws_interactions.credential_errors import SessionPolicyTooLarge
from aws_operations.applying import apply_changes
from aws_operations.changes import Change, ChangeResult
from aws_operations.plan_permissions import (
    LONGEST_SESSION_POLICY,
    Permission,
    permissions_of_change,
    session_policy,
)
from aws_operations.run_control import RunControl
from aws_operations.targets import Target

logger = logging.getLogger(__name__)

NOT_HELD = "applied with all that the role may do, not with just what is planned"
_MOST_CHANGES_A_SESSION = 1000
_BY_SESSION = "no session policy allows"

ProviderFor = Callable[[Target], AwsClientProvider]
Starting = Callable[[Sequence[Change]], None]


class CantBeNarrowed(InvalidInput):
    """The permissions that one change needs are too long for a session policy; nothing of it was sent."""

    def __init__(self, resource: str, reason: str) -> None:
        super().__init__(
            f"{resource}: what it needs does not fit in a session policy ({reason}); it was not sent",
            resource=resource,
        )


class OutsideSession(AccessDenied):
    """AWS refused a call because the session's policy does not have it; the role alone may be allowed to."""

    def __init__(self, denied: AccessDenied) -> None:
        # Without actions: what is to be allowed is not the role's matter.
        super().__init__(
            f"{denied}: it is not in the policy that the session was held to, though the plan needs it; "
            "the same command without a plan file is not held to one",
            resource=denied.resource,
        )
        self.__cause__ = denied.__cause__


def apply_narrowed(
    changes: Iterable[Change],
    provider_for: ProviderFor,
    *,
    starting: Starting | None = None,
    control: RunControl | None = None,
    note: Callable[[str], None] | None = None,
) -> Iterator[ChangeResult]:
    """Carry out changes as ``apply_changes`` does, in order, each with a session that may do little more.

    Neighbours of one target share a session as far as its policy holds them: 2,048 characters, and what STS
    can pack. A change that does not fit alone *failed* with ``CantBeNarrowed``; where the session cannot be
    had, all its changes failed with the reason. What is nothing to do takes no session. Where AWS says that
    it was the session's policy that denied a call, the error is ``OutsideSession``.

    Where an identity cannot be narrowed, its changes are carried out with all that it may do; ``note`` is
    told of it, each time the target changes, unless no role is assumed at all.
    """
    control = control or RunControl()
    waiting = _Waiting(changes)
    while (first := waiting.first()) is not None:
        control.check()
        if control.has_failed_enough:
            some: Iterable[Change] = waiting.rest()
            provider = provider_for
        else:
            some, provider = _with_whom(waiting, first.target, provider_for, note or logger.info)
        for result in apply_changes(some, provider, starting=starting, control=control):
            yield _explained(result)


def _with_whom(
    waiting: "_Waiting", target: Target, provider_for: ProviderFor, note: Callable[[str], None]
) -> tuple[Iterable[Change], ProviderFor]:
    """Take the next changes, all of the target, and say with which provider they are carried out."""
    try:
        whole = provider_for(target)
        obstacle = whole.narrowing_obstacle()
    except AwsInteractionError as error:
        return waiting.rest_of(target), _refusing(error)
    if obstacle is None:
        return _open(waiting, whole)
    if obstacle != NO_ROLE:
        note(f"{NOT_HELD}: {obstacle}")
    return waiting.rest_of(target), _always(whole)


class _Waiting:
    """Changes that are still to be carried out, of which the next few are taken, and may be given back."""

    def __init__(self, changes: Iterable[Change]) -> None:
        self._coming = iter(changes)
        self._ready: deque[Change] = deque()
        # Learnt from what STS could not pack.
        self.longest_policy = LONGEST_SESSION_POLICY

    def first(self) -> Change | None:
        """Return the next change without taking it, ``None`` after the last."""
        if not self._ready and (change := next(self._coming, None)) is not None:
            self._ready.append(change)
        return self._ready[0] if self._ready else None

    def rest(self) -> Iterator[Change]:
        """Take all changes."""
        while self.first() is not None:
            yield self._ready.popleft()

    def rest_of(self, target: Target) -> Iterator[Change]:
        """Take the changes that follow and are of this target."""
        while (change := self.first()) is not None and change.target == target:
            yield self._ready.popleft()

    def take_for_session(self) -> tuple[list[Change], str | None]:
        """Take the changes that fit in one session policy, and return it, ``None`` if nothing is to be done.

        The first that is to be carried out is taken even if it does not fit.
        """
        taken: list[Change] = []
        permissions: dict[Permission, None] = {}
        policy: str | None = None
        while (change := self.first()) is not None and len(taken) < _MOST_CHANGES_A_SESSION:
            if taken and change.target != taken[0].target:
                break
            needed = [pair for pair in permissions_of_change(change) if pair not in permissions]
            if needed:
                with_it = session_policy([*permissions, *needed])
                if policy is not None and len(with_it) > self.longest_policy:
                    break
                policy = with_it
                permissions.update(dict.fromkeys(needed))
            taken.append(self._ready.popleft())
        return taken, policy

    def give_back(self, changes: Sequence[Change]) -> None:
        """Put changes that were taken before all others again."""
        self._ready.extendleft(reversed(changes))


def _open(waiting: _Waiting, whole: AwsClientProvider) -> tuple[list[Change], ProviderFor]:
    """Open a session for as many of the next changes as AWS takes in one, and return both."""
    while True:
        some, policy = waiting.take_for_session()
        if policy is None:
            return some, _always(whole)
        try:
            return some, _always(_narrowed(whole, policy))
        except SessionPolicyTooLarge as error:
            alone = [change for change in some if not change.is_noop]
            if len(alone) == 1:
                waiting.longest_policy = LONGEST_SESSION_POLICY
                return some, _refusing(CantBeNarrowed(alone[0].resource, str(error)))
            logger.info("a session policy of %s characters is too large: halved", len(policy))
            waiting.longest_policy = len(policy) // 2
            waiting.give_back(some)
        except AwsInteractionError as error:
            return some, _refusing(error)


def _narrowed(whole: AwsClientProvider, policy: str) -> AwsClientProvider:
    if len(policy) > LONGEST_SESSION_POLICY:
        raise SessionPolicyTooLarge(f"{len(policy)} characters, where STS takes {LONGEST_SESSION_POLICY}")
    narrowed = whole.narrowed_to(policy)
    # Asked now, not at the first call, STS can still be given less.
    narrowed.get_aws_env()
    return narrowed


def _explained(result: ChangeResult) -> ChangeResult:
    # AWS has one code for all denials, and says in words whose policy it was.
    if isinstance(result.error, AccessDenied) and _BY_SESSION in str(result.error.__cause__):
        return replace(result, error=OutsideSession(result.error))
    return result


def _always(aws_provider: AwsClientProvider) -> ProviderFor:
    return lambda _target: aws_provider


def _refusing(error: AwsInteractionError) -> ProviderFor:
    def refuse(_target: Target) -> NoReturn:
        raise error

    return refuse
