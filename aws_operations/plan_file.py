"""Plan files: a plan on disk that somebody may look at today and have applied tomorrow.

JSON lines: a header (who planned what, where, until when it holds), then a change a line. A hash in the
header covers all of it. It guards against files that were cut off, damaged or edited; it is no signature, for
whoever can write the file can make a new one. Secret values are in no change, and so in no plan.
"""

import fcntl
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import NoneType
from typing import Any, BinaryIO, Final, Self

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import LocalFileProblem
from aws_interactions.local_files import (
    CantReadFile,
    CantReadFileChanged,
    CantReadFileDoesntExist,
    CantReadFileLackPermission,
    CantReadFileNotRegular,
    CantWriteFileAlreadyExists,
    CantWriteFileLackPermission,
    check_destination,
    new_file,
)
from aws_interactions.sts_interactions import get_caller_identity
from aws_operations.changes import Change
from aws_operations.plan_refusals import PlanExpired, PlanFromTheFuture, PlanInUse
from aws_operations.plan_spool import PlanSpool
from aws_operations.targets import Target

FORMAT: Final = 1
DEFAULT_VALIDITY: Final = timedelta(hours=24)
_CLOCKS_APART = timedelta(minutes=5)
_LONGEST_HEADER = 1 << 26
_CHUNK = 1 << 18
_MAYBE_TEXT, _MAYBE_OBJECT = (str, NoneType), (dict, NoneType)
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))

Clock = Callable[[], datetime]


class PlanFileExists(CantWriteFileAlreadyExists):
    """There is a file of that name, and plans are never written over."""


class PlanFileBroken(LocalFileProblem):
    """The file is no plan, or not as it was saved; the message says what to do."""

    def __init__(self, file_path: Path, reason: str) -> None:
        super().__init__(f"{file_path}: {reason}", file_path=file_path)


def utc_now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class PlanHeader:
    """Who made a plan, with which command, and from when until when it may be applied.

    ``identity`` is the caller's ARN, a role session's without the session; it, ``account`` and ``region`` are
    ``None`` where several profiles made the plan, each as ``profiles`` says. ``directory`` is where relative
    paths begin, ``settings`` what an application needs to reach the targets again, none of it secret.
    ``left_out`` counts the targets that could not be planned.
    """

    program: str
    identity: str | None
    account: str | None
    region: str | None
    made: datetime
    expires: datetime
    arguments: tuple[str, ...] = ()
    directory: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    profiles: Mapping[str, str] = field(default_factory=dict)
    left_out: int = 0


def plan_header(
    aws_provider: AwsClientProvider,
    *,
    program: str = "a script",
    arguments: Sequence[str] = (),
    valid_for: timedelta = DEFAULT_VALIDITY,
    clock: Clock = utc_now,
) -> PlanHeader:
    """Return the header of a plan that this identity makes here and now (GetCallerIdentity)."""
    caller = get_caller_identity(aws_provider)
    made = clock()
    return PlanHeader(
        program=program,
        identity=identity_of(caller.arn),
        account=caller.account,
        region=aws_provider.aws_region,
        made=made,
        expires=made + valid_for,
        arguments=tuple(arguments),
        directory=str(Path.cwd()),
        settings={"region": aws_provider.aws_region},
    )


def identity_of(caller_arn: str) -> str:
    """Return who a caller's ARN stands for: of a session of a role the role, whatever the session's name."""
    start, separator, rest = caller_arn.partition(":assumed-role/")
    return f"{start}{separator}{rest.partition('/')[0]}" if separator else caller_arn


def check_plan_path(path: Path) -> None:
    """Raise what ``write_plan`` would at once for a file that is there or cannot be; writes nothing."""
    try:
        check_destination(path, overwrite=False)
    except CantWriteFileAlreadyExists as error:
        raise PlanFileExists(path) from error
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise CantWriteFileLackPermission(path)


def write_plan(path: Path, changes: Iterable[Change], header: PlanHeader) -> str:
    """Write a plan to a new file that its owner alone may read, whole or not at all; return its id.

    Changes are streamed; what is no ``PlanSpool`` goes through one first, so that a change planned twice is
    there once. Raises ``PlanFileExists``, the ``CantWriteFile`` kinds (a full disk among them) and
    ``PlanNotKept``.
    """
    check_plan_path(path)
    if isinstance(changes, PlanSpool):
        return _write(path, changes, header)
    with PlanSpool() as spool:
        spool.add(changes)
        return _write(path, spool, header)


def _write(path: Path, spool: PlanSpool, header: PlanHeader) -> str:
    values = _header_values(header, spool)
    digest = hashlib.sha256(_canonical(values))
    for chunk in _chunks(spool):
        digest.update(chunk)
    values["sha256"] = digest.hexdigest()
    try:
        with new_file(path, is_private=True) as write:
            write(json.dumps(values, separators=(",", ":")).encode() + b"\n")
            for chunk in _chunks(spool):
                write(chunk)
    except CantWriteFileAlreadyExists as error:
        raise PlanFileExists(path) from error
    return digest.hexdigest()


def _chunks(spool: PlanSpool) -> Iterator[bytes]:
    chunk = bytearray()
    for _, body in spool.encoded():
        chunk += body.encode() + b"\n"
        if len(chunk) >= _CHUNK:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


def _canonical(values: Mapping[str, Any]) -> bytes:
    return _CANONICAL.encode(values).encode() + b"\n"


def _header_values(header: PlanHeader, spool: PlanSpool) -> dict[str, Any]:
    return {
        "record": "plan",
        "format": FORMAT,
        "program": header.program,
        "identity": header.identity,
        "account": header.account,
        "region": header.region,
        "profiles": dict(header.profiles),
        "made": header.made.astimezone(UTC).isoformat(),
        "expires": header.expires.astimezone(UTC).isoformat(),
        "arguments": list(header.arguments),
        "directory": header.directory,
        "settings": dict(header.settings),
        "targets": [[each.aws_account, each.aws_region, each.aws_profile] for each in spool.targets()],
        "left_out": header.left_out,
        "changes": len(spool),
    }


@dataclass(frozen=True, slots=True)
class _Sighting:
    """What a file was before it was read."""

    size: int
    modified_ns: int

    @classmethod
    def of(cls, file: BinaryIO) -> Self:
        found = os.fstat(file.fileno())
        return cls(found.st_size, found.st_mtime_ns)


class SavedPlan:
    """A plan of a file that is open and was found whole; iterating yields its changes, in order.

    ``id`` is its hash: copies of a file are the same plan. ``targets`` are those that have changes.
    Iterating raises ``CantReadFileChanged`` where the file is written to meanwhile, and ``PlanFileBroken``
    for what is no change, or where there are not as many as there should be.
    """

    def __init__(self, path: Path, file: BinaryIO, values: Mapping[str, Any], seen: _Sighting) -> None:
        self.path = path
        self.id: str = values["sha256"]
        self.header = _header_of(values)
        self.targets = tuple(
            Target(region, account, profile) for account, region, profile in values["targets"]
        )
        self._count = _count_of(values)
        self._file = file
        self._seen = seen

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Change]:
        self._file.seek(0)
        self._file.readline()
        count = 0
        for count, line in enumerate(self._file, start=1):  # noqa: B007 - wanted after the loop
            self._check_unchanged()
            yield _change_of(self.path, line)
        # A file that was cut off has no line that would tell.
        self._check_unchanged()
        if count != self._count:
            raise _not_as_saved(self.path)

    def _check_unchanged(self) -> None:
        if _Sighting.of(self._file) != self._seen:
            raise CantReadFileChanged(self.path)

    def check_not_expired(self, clock: Clock = utc_now) -> None:
        """Raise ``PlanExpired`` for a plan that may no longer be applied.

        One that was made more than 5 minutes from now raises ``PlanFromTheFuture``.
        """
        now = clock()
        if now >= self.header.expires:
            raise PlanExpired(self.path, self.header.expires)
        if now < self.header.made - _CLOCKS_APART:
            raise PlanFromTheFuture(self.path, self.header.made, now)

    def hold(self) -> None:
        """Let no other process hold the plan until this one closes it; raises ``PlanInUse``.

        It holds for the file, whichever journal somebody keeps; a copy of it is another file.
        """
        try:
            fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PlanInUse(self.path) from None
        except OSError as error:
            reason = f"it cannot be locked: {error.strerror}; put it on another file system"
            raise CantReadFile(self.path, reason) from error


@contextmanager
def open_plan(path: Path) -> Iterator[SavedPlan]:
    """Open a plan, read all of it once, and give it if it is as it was saved.

    Raises ``PlanFileBroken`` and the ``CantReadFile`` kinds. It holds no more than a chunk in memory.
    """
    with _opened(path) as file:
        seen = _Sighting.of(file)
        values = _parsed(path, file.readline(_LONGEST_HEADER))
        _check_whole(path, file, values)
        try:
            plan = SavedPlan(path, file, values, seen)
        except (KeyError, TypeError, ValueError) as error:
            raise _of_another_version(path) from error
        yield plan


def _opened(path: Path) -> BinaryIO:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise CantReadFileNotRegular(path)
        try:
            # Some file systems lock only what is open for writing; nothing is written.
            return path.open("r+b")
        except OSError:
            return path.open("rb")
    except FileNotFoundError as error:
        raise CantReadFileDoesntExist(path) from error
    except PermissionError as error:
        raise CantReadFileLackPermission(path) from error
    except (OSError, ValueError) as error:
        raise CantReadFile(path, getattr(error, "strerror", None) or str(error)) from error


def _parsed(path: Path, header_line: bytes) -> dict[str, Any]:
    try:
        values = json.loads(header_line)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or values.get("record") != "plan" or not header_line.endswith(b"\n"):
        raise PlanFileBroken(path, "it is no plan; --plan-out saves one")
    if values.get("format") != FORMAT:
        raise _of_another_version(path)
    return values


def _check_whole(path: Path, file: BinaryIO, values: Mapping[str, Any]) -> None:
    digest = hashlib.sha256(_canonical({name: value for name, value in values.items() if name != "sha256"}))
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    if digest.hexdigest() != values.get("sha256"):
        raise _not_as_saved(path)


def _not_as_saved(path: Path) -> PlanFileBroken:
    return PlanFileBroken(path, "it is not as it was saved: edited, damaged or cut off; make the plan again")


def _of_another_version(path: Path) -> PlanFileBroken:
    return PlanFileBroken(path, "another version of this program made the plan; make it again")


def _header_of(values: Mapping[str, Any]) -> PlanHeader:
    profiles, settings = values["profiles"], values["settings"]
    _check_all(str, [values["program"], values["directory"], *values["arguments"]])
    _check_all(_MAYBE_TEXT, [values["identity"], values["account"], values["region"]])
    _check_all(dict, [profiles, settings])
    _check_all(str, profiles.values())
    _check_all(int, [values["left_out"]])
    return PlanHeader(
        program=values["program"],
        identity=values["identity"],
        account=values["account"],
        region=values["region"],
        made=_moment(values["made"]),
        expires=_moment(values["expires"]),
        arguments=tuple(values["arguments"]),
        directory=_without_nul(values["directory"]),
        settings=settings,
        profiles=profiles,
        left_out=values["left_out"],
    )


def _check_all(kind: type | tuple[type, ...], values: Iterable[object]) -> None:
    if not all(isinstance(value, kind) for value in values):
        raise TypeError(f"not all are {kind}")


def _without_nul(path: str) -> str:
    if "\0" in path:
        raise ValueError("no path has a NUL in it")
    return path


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} is in no time zone")
    return moment


def _count_of(values: Mapping[str, Any]) -> int:
    count = int(values["changes"])
    if count < 0:
        raise ValueError(f"{count} changes")
    return count


def _change_of(path: Path, line: bytes) -> Change:
    try:
        change = Change.from_json(line.decode())
        _check_types(change)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _of_another_version(path) from error
    return change


def _check_types(change: Change) -> None:
    target = change.target
    _check_all(str, (change.kind, change.resource, target.aws_region, *change.iam_actions))
    _check_all(_MAYBE_TEXT, (change.payload_ref, target.aws_account, target.aws_profile))
    _check_all(_MAYBE_OBJECT, (change.before, change.after, change.precondition))
