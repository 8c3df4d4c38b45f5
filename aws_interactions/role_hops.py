"""One role to assume, checked before anything is sent."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from aws_interactions.aws_errors import InvalidInput

DEFAULT_SESSION_NAME = "manage-resources"
LONGEST_CHAINED_SESSION = 3600

_ROLE_ARN = re.compile(r"arn:aws[a-z0-9-]*:iam::(?P<account>[0-9]{12}):role/[A-Za-z0-9+=,.@_/-]{1,576}")
_SESSION_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}")
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_+=,.@:/-]{2,1224}")
MFA_SERIAL = re.compile(r"[A-Za-z0-9_+=/:,.@-]{9,256}")
_SHORTEST_SESSION, _LONGEST_SESSION = 900, 43_200
_MOST_TAGS, _LONGEST_TAG_KEY, _LONGEST_TAG_VALUE = 50, 128, 256
_TAG_PUNCTUATION = frozenset("_.:/=+-@ ")
_LONGEST_POLICY = 2048


@dataclass(frozen=True, slots=True)
class RoleHop:
    """One role and how to assume it; a chain is a tuple of these, first to last.

    ``duration_seconds`` is 900 to 43,200 (STS's own default is 3,600); ``session_policy`` is the
    JSON text of an IAM policy. Raises ``InvalidInput`` for what STS would refuse.
    """

    role_arn: str
    role_session_name: str = DEFAULT_SESSION_NAME
    external_id: str | None = None
    duration_seconds: int | None = None
    source_identity: str | None = None
    session_tags: tuple[tuple[str, str], ...] = ()
    session_policy: str | None = None
    mfa_serial: str | None = None

    def __post_init__(self) -> None:
        _check_shape("role ARN", self.role_arn, _ROLE_ARN)
        _check_shape("role session name", self.role_session_name, _SESSION_NAME)
        _check_shape("external ID", self.external_id, _EXTERNAL_ID)
        _check_shape("source identity", self.source_identity, _SESSION_NAME)
        _check_shape("MFA serial", self.mfa_serial, MFA_SERIAL)
        _check_duration(self.duration_seconds)
        _check_tags(self.session_tags)
        _check_policy(self.session_policy)

    @property
    def aws_account(self) -> str:
        """The account that the role is in, and that its credentials must act in."""
        match = _ROLE_ARN.fullmatch(self.role_arn)
        return match["account"] if match else ""

    def request(self) -> dict[str, Any]:
        """Return AssumeRole's parameters beside the ARN, without those that were not given."""
        given = {
            "RoleSessionName": self.role_session_name,
            "ExternalId": self.external_id,
            "DurationSeconds": self.duration_seconds,
            "SourceIdentity": self.source_identity,
            "Tags": [{"Key": key, "Value": value} for key, value in self.session_tags],
            "Policy": self.session_policy,
            "SerialNumber": self.mfa_serial,
        }
        return {name: value for name, value in given.items() if value}

    def specification(self) -> dict[str, Any]:
        """Return all that tells this hop from another, as JSON's types; it holds no secret of AWS's."""
        return asdict(self)


def make_hops(
    role_arns: str | Sequence[str] | None,
    *,
    mfa_serial: str | None = None,
    session_tags: Mapping[str, str] | None = None,
    **last_hop: Any,
) -> tuple[RoleHop, ...]:
    """Return the chain of roles: MFA belongs to its first hop, all other settings to its last.

    Raises ``InvalidInput`` for a malformed value, for settings without a role, and for a chained
    session of more than one hour.
    """
    arns = [role_arns] if isinstance(role_arns, str) else list(role_arns or ())
    settings = {name: value for name, value in last_hop.items() if value is not None}
    if session_tags:
        settings["session_tags"] = tuple(sorted(session_tags.items()))
    if not arns:
        _refuse_settings_without_role(settings)
        return ()
    hops: tuple[RoleHop, ...] = ()
    for position, arn in enumerate(arns, start=1):
        hop_settings = settings if position == len(arns) else {}
        hop_mfa_serial = mfa_serial if position == 1 else None
        hops = append_hop(hops, RoleHop(arn, mfa_serial=hop_mfa_serial, **hop_settings))
    return hops


def append_hop(hops: tuple[RoleHop, ...], hop: RoleHop) -> tuple[RoleHop, ...]:
    """Return the chain with one more role; ``InvalidInput`` if that chained session is over one hour."""
    if hops and (hop.duration_seconds or 0) > LONGEST_CHAINED_SESSION:
        raise InvalidInput(
            f"a chained role's session lasts at most {LONGEST_CHAINED_SESSION} seconds, "
            f"not {hop.duration_seconds}",
            resource=hop.role_arn,
        )
    return (*hops, hop)


def _refuse_settings_without_role(settings: Mapping[str, Any]) -> None:
    if settings:
        names = ", ".join(sorted(settings)).replace("_", " ")
        raise InvalidInput(f"{names}: given, but there is no role to assume")


def _check_shape(name: str, value: str | None, shape: re.Pattern[str]) -> None:
    if value is not None and not shape.fullmatch(value):
        raise InvalidInput(f"malformed {name}: {value[:100]!r}")


def _check_duration(seconds: int | None) -> None:
    if seconds is not None and not _SHORTEST_SESSION <= seconds <= _LONGEST_SESSION:
        raise InvalidInput(
            f"session duration must be {_SHORTEST_SESSION} to {_LONGEST_SESSION} seconds, not {seconds}"
        )


def _check_tags(tags: tuple[tuple[str, str], ...]) -> None:
    if len(tags) > _MOST_TAGS:
        raise InvalidInput(f"at most {_MOST_TAGS} session tags, not {len(tags)}")
    for key, value in tags:
        is_fitting = 1 <= len(key) <= _LONGEST_TAG_KEY and len(value) <= _LONGEST_TAG_VALUE
        is_spelt_well = all(char.isalnum() or char in _TAG_PUNCTUATION for char in key + value)
        if not (is_fitting and is_spelt_well) or key.lower().startswith("aws:"):
            raise InvalidInput(f"malformed session tag: {key[:100]!r}")


def _check_policy(policy: str | None) -> None:
    if policy is None:
        return
    if len(policy) > _LONGEST_POLICY:
        raise InvalidInput(f"a session policy has at most {_LONGEST_POLICY} characters, not {len(policy)}")
    try:
        is_object = isinstance(json.loads(policy), dict)
    except ValueError:
        is_object = False
    if not is_object:
        raise InvalidInput("a session policy must be the text of a JSON object")
