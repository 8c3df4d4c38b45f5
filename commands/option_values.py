"""Checks of option values before anything is sent: each takes text and returns the value.

All raise ``ValueError`` with what is wrong and what is right.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Checked = TypeVar("Checked")

_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+")
_MFA_SERIAL = re.compile(r"[A-Za-z0-9_+=/:,.@-]{9,256}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")
_REGION_PATTERN = re.compile(r"[a-z0-9*?!\[\]-]*[*?\[][a-z0-9*?!\[\]-]*")
_RATE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)/([smh])")
_PERCENTAGE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,2})?)%")
_ROLE_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]+(/[A-Za-z0-9_+=,.@-]+)*")
_SESSION_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{2,64}")
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_+=,.@:/-]{2,1224}")
_DURATION = re.compile(r"([0-9]{1,6})([smhd]?)")
_DECIMAL = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3})?")
_SECONDS_BY_UNIT = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_LEVEL_BY_NAME = {
    "debug": "debug",
    "info": "info",
    "warning": "warning",
    "warn": "warning",
    "error": "error",
    "critical": "critical",
}

ALL_REGIONS = "all"
ENGINES = ("local", "dask")
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")


def text(value: str) -> str:
    """Return any text that is not empty."""
    if not value.strip():
        raise ValueError("is empty")
    return value


def role_arn(value: str) -> str:
    """Return the ARN of an IAM role."""
    return _matching(_ROLE_ARN, value, "is not the ARN of a role (arn:aws:iam::123456789012:role/NAME)")


def account(value: str) -> str:
    """Return an account id."""
    return _matching(_ACCOUNT, value, "is not an account id (12 digits)")


def region(value: str) -> str:
    """Return a region name; whether AWS has it is for AWS to say."""
    return _matching(_REGION, value, "is not a region name (such as eu-west-1)")


def is_region(value: str) -> bool:
    """Whether it is the name of a region, no pattern of names."""
    return _REGION.fullmatch(value) is not None


def region_or_pattern(value: str) -> str:
    """Return a region name, a pattern of such names (``eu-*``) or ``all``."""
    if value == ALL_REGIONS or _REGION_PATTERN.fullmatch(value):
        return value
    return _matching(_REGION, value, "is not a region name (such as eu-west-1), a pattern (eu-*) or all")


def role_name(value: str) -> str:
    """Return the name of a role, with its path if it has one, without the leading slash."""
    return _matching(_ROLE_NAME, value, "is not the name of a role")


def unit(value: str) -> str:
    """Return the path or id of an organisational unit; never the whole organisation as ``/``.

    A path that ends with a slash lacks its last name, as that of an unset shell variable: what is left
    would be the unit above.
    """
    if value.endswith("/"):
        raise ValueError(f"{value!r} ends with a slash: name a unit; --all-accounts is all of them")
    return text(value)


def session_name(value: str) -> str:
    """Return a role session name, 2 to 64 characters."""
    return _matching(_SESSION_NAME, value, "is not a session name (2-64 letters, digits or _+=,.@-)")


def external_id(value: str) -> str:
    """Return an external id, 2 to 1224 characters."""
    return _matching(_EXTERNAL_ID, value, "is not an external id (2-1224 letters, digits or _+=,.@:/-)")


def mfa_serial(value: str) -> str:
    """Return the ARN of a virtual MFA device, or the serial number of a hardware one."""
    return _matching(_MFA_SERIAL, value, "is neither the ARN nor the serial number of an MFA device")


def duration(value: str) -> int:
    """Return how long assumed credentials live, in seconds; ``15m`` and ``1h`` are understood."""
    return _seconds(value, 900, 43_200, "a duration")


def expiry(value: str) -> int:
    """Return how long a presigned request works, in seconds, up to a week; ``15m`` and ``1h`` work too."""
    return _seconds(value, 1, 604_800, "an expiry")


def plan_expiry(value: str) -> int:
    """Return how long a plan may be applied, in seconds, from 15m to 7d; ``12h`` works too."""
    try:
        return _seconds(value, 900, 604_800, "")
    except ValueError:
        raise ValueError(f"{value!r} is not a time from 15m to 7d") from None


def wait(value: str) -> int:
    """Return a time to wait in seconds, up to a day; ``15m`` and ``1h`` work too."""
    return _seconds(value, 1, 86_400, "a time to wait")


def timeout(value: str) -> float:
    """Return how long to wait, in seconds, up to an hour."""
    seconds = float(value) if _DECIMAL.fullmatch(value) else -1.0
    if not 0 < seconds <= 3600:
        raise ValueError(f"{value!r} is not a time-out of up to 3600 seconds")
    return seconds


def deadline(value: str) -> float:
    """Return how long a run may take, in seconds, up to a week; ``15m`` and ``2h`` work too."""
    return _seconds(value, 1, 604_800, "a deadline")


def attempts(value: str) -> int:
    """Return how often a call is tried, 1 to 20."""
    return _whole(value, 1, 20, "a number of attempts from 1 to 20")


def whole_number(smallest: int, largest: int) -> Callable[[str], int]:
    """Return a check that takes whole numbers between two, both included."""
    return lambda value: _whole(value, smallest, largest, f"a whole number from {smallest} to {largest}")


def rate(value: str) -> float:
    """Return a number of calls a second from ``5/s``, ``0.5/s`` or ``30/m``; up to 10,000 a second."""
    match = _RATE.fullmatch(value)
    calls = float(match[1]) / _SECONDS_BY_UNIT[match[2]] if match else 0.0
    if not 0 < calls <= 10_000:
        raise ValueError(f"{value!r} is not a rate of up to 10000/s (such as 5/s, 0.5/s or 30/m)")
    return calls


def percentage(value: str) -> float:
    """Return a share above 0 and at most 1 from ``1%`` to ``100%``."""
    match = _PERCENTAGE.fullmatch(value)
    percent = float(match[1]) if match else 0.0
    if not 1 <= percent <= 100:
        raise ValueError(f"{value!r} is not a share from 1% to 100%")
    return percent / 100


def count_or_percentage(value: str) -> str:
    """Return a whole number of at least 1, or a share such as ``10%``, as it was written."""
    if value.endswith("%"):
        percentage(value)
    else:
        _whole(value, 1, 1_000_000_000, "a whole number from 1 on, or a share such as 10%")
    return value


def tag_pattern(value: str) -> str:
    """Return ``KEY`` or ``KEY=VALUE``."""
    if not value.partition("=")[0].strip():
        raise ValueError(f"{value!r} is not KEY or KEY=VALUE")
    return value


def account_or_region(value: str) -> str:
    """Return an account id, a region name or a pattern of such names."""
    if _ACCOUNT.fullmatch(value) or _REGION.fullmatch(value) or _REGION_PATTERN.fullmatch(value):
        return value
    raise ValueError(f"{value!r} is neither an account id (12 digits) nor a region (eu-west-1, eu-*)")


def comma_list(check: Callable[[str], str]) -> Callable[[str], str]:
    """Return a check of a list in one text: every item by ``check``, an item said twice kept once."""

    def check_all(value: str) -> str:
        return ",".join(each(check)(tuple(value.split(","))))

    return check_all


def scheduler_url(value: str) -> str:
    """Return the address of a scheduler: ``tcp://`` on this machine only, for it is not encrypted."""
    from urllib.parse import urlsplit

    parts = urlsplit(value)
    if parts.scheme not in ("tcp", "tls") or not parts.hostname or not parts.port:
        raise ValueError(f"{_without_password(value)!r} is not a scheduler (such as tcp://127.0.0.1:8786)")
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        raise ValueError("must be scheme, host and port only")
    if parts.scheme == "tcp" and not _is_loopback(parts.hostname):
        raise ValueError(f"{value!r} would send unencrypted over a network; use tls://")
    return value


def endpoint_url(value: str) -> str:
    """Return the URL of an endpoint, without a trailing slash."""
    from urllib.parse import urlsplit

    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{_without_password(value)!r} is not a URL (such as http://127.0.0.1:5000)")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must be a plain URL: no user, no query, no fragment")
    if parts.port == 0:
        raise ValueError(f"{value!r} has no usable port")
    return value.rstrip("/")


def log_level(value: str) -> str:
    """Return one of ``LOG_LEVELS``, whatever the case of the name."""
    level = _LEVEL_BY_NAME.get(value.lower())
    if level is None:
        raise ValueError(f"{value!r} is not one of {', '.join(LOG_LEVELS)}")
    return level


def query(value: str) -> str:
    """Return a JMESPath expression that parses."""
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        jmespath.compile(text(value))
    except JMESPathError as error:
        raise ValueError(f"{value!r} is not a JMESPath expression: {str(error).splitlines()[0]}") from error
    return value


def path(value: str) -> Path:
    """Return a path, with ``~`` resolved."""
    try:
        return Path(text(value)).expanduser()
    except RuntimeError as error:
        raise ValueError(f"{value!r}: there is no such home directory") from error


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a check that takes the given words only."""

    def check(value: str) -> str:
        if value not in choices:
            raise ValueError(f"{value!r} is not one of {', '.join(choices)}")
        return value

    return check


def is_empty_list(values: tuple[str, ...]) -> bool:
    """Whether a list says nothing at all: no item, or the one empty item of an unset shell variable."""
    return values in ((), ("",))


def each(check: Callable[[str], str]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """Return a check of a list: every item by ``check``, an item said twice kept once, never empty."""

    def check_all(values: tuple[str, ...]) -> tuple[str, ...]:
        if not values or not all(values):
            raise ValueError("has an empty item; an empty list never means all")
        return tuple(dict.fromkeys(check(value) for value in values))

    return check_all


def _seconds(value: str, smallest: int, largest: int, what: str) -> int:
    match = _DURATION.fullmatch(value)
    seconds = int(match[1]) * _SECONDS_BY_UNIT[match[2]] if match else -1
    if not smallest <= seconds <= largest:
        raise ValueError(f"{value!r} is not {what} of {smallest} to {largest} seconds (15m and 1h work too)")
    return seconds


def _whole(value: str, smallest: int, largest: int, what: str) -> int:
    count = int(value) if value.isascii() and value.isdigit() and len(value) < 9 else -1
    if not smallest <= count <= largest:
        raise ValueError(f"{value!r} is not {what}")
    return count


def _is_loopback(host: str) -> bool:
    from ipaddress import ip_address

    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _matching(pattern: re.Pattern[str], value: str, complaint: str) -> str:
    if not pattern.fullmatch(value):
        raise ValueError(f"{value!r} {complaint}")
    return value


def _without_password(url: str) -> str:
    return url.rpartition("@")[2]
