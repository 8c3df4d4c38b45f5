"""What runs on a worker: one target's read, or a few changes of one target.

Everything that goes wrong is part of the answer, so that Dask has no failures to repeat or to log.
"""

import hashlib
import os
import pickle
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AwsInteractionError, WrongAccount
from aws_interactions.configured_endpoints import fingerprint_of_endpoints
from aws_interactions.provider_specification import ProviderSpecification
from aws_operations.cluster.carried_errors import CarriedError
from aws_operations.cluster.cluster_errors import AnswerTooLarge, ClusterUnusable
from aws_operations.cluster.named_operations import NamedOperation

if TYPE_CHECKING:
    from aws_operations.changes import Change, ChangeResult

_ROWS_A_PAGE = 500
_MOST_ANSWER_BYTES = 64_000_000
_MOST_ROOTS = 8
_ROOMS = ("aws_interactions", "aws_operations")


def _software() -> str:
    digest = hashlib.sha256()
    parent = Path(__file__).resolve().parents[2]
    for room in _ROOMS:
        for path in sorted((parent / room).rglob("*.py")):
            digest.update(f"{path.relative_to(parent).as_posix()}\0".encode() + path.read_bytes())
    python = ".".join(map(str, sys.version_info[:2]))
    return f"source {digest.hexdigest()[:12]} on Python {python}"


SOFTWARE = _software()
"""What has to be the same on all machines of a run: Python's minor version and this package.

The package is known by a hash of its source, as it was when this process loaded it: between releases,
one version number has many sources.
"""


@dataclass(frozen=True, slots=True)
class Errand:
    """What every task needs: its run, who to act as, and the software that sent it.

    ``expected_account`` is that of base credentials, as the machine that sends the task sees it; roles are
    held to their own account anyway.
    """

    run_id: str
    software: str
    specification: str
    expected_account: str | None


@dataclass(frozen=True, slots=True)
class ReadTask:
    """A read in one target."""

    errand: Errand
    operation: NamedOperation


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """The rows of one target, pickled in pages, and the error that ended them; ``duration`` in seconds."""

    pages: tuple[bytes, ...] = field(repr=False)
    error: CarriedError | None
    duration: float

    def rows(self) -> Iterator[object]:
        """Yield the rows."""
        for page in self.pages:
            yield from pickle.loads(page)  # noqa: S301 - of a worker that runs what it is told


@dataclass(frozen=True, slots=True)
class ApplyTask:
    """Changes of one kind in one target, as JSON."""

    errand: Errand
    changes: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApplyAnswer:
    """(id of the change, status, error) in the order of the results; ``crash`` is a bug that ended them."""

    results: tuple[tuple[str, str, CarriedError | None], ...]
    crash: CarriedError | None = None


def describe_worker(operation: tuple[str, str] | None = None) -> str:
    """Return the worker's software; raises ``ImportError`` or ``AttributeError`` without the operation."""
    if operation is not None:
        NamedOperation(*operation, b"").load()
    return SOFTWARE


def run_read(task: ReadTask) -> ReadAnswer:
    """Run a read and return all that came of it; raises nothing that is an ``Exception``."""
    started = time.monotonic()
    pages: list[bytes] = []
    error: CarriedError | None = None
    try:
        for page in _limited(_pages(task.operation.run(_provider_of(task.errand)))):
            pages.append(page)  # noqa: PERF402 - what came before an error is kept
    except Exception as raised:  # noqa: BLE001 - an outcome for each target, a bug's too
        error = CarriedError.of(raised)
    return ReadAnswer(tuple(pages), error, time.monotonic() - started)


def _pages(rows: Iterable[object]) -> Iterator[bytes]:
    page: list[object] = []
    try:
        for row in rows:
            page.append(row)
            if len(page) >= _ROWS_A_PAGE:
                yield _pickled(page)
                page = []
    except Exception:
        # What came before the error is as good as without it.
        if page:
            yield _pickled(page)
        raise
    if page:
        yield _pickled(page)


class _RowPickler(pickle.Pickler):
    """Pickles times of "the local zone" as moments: the zone of the machine that unpickles may be another."""

    def reducer_override(self, value: object) -> Any:
        if type(value) is datetime and type(value.tzinfo).__name__ == "tzlocal":
            return _in_local_zone, (value.astimezone(UTC),)
        return NotImplemented


def _pickled(page: list[object]) -> bytes:
    buffer = BytesIO()
    _RowPickler(buffer).dump(page)
    return buffer.getvalue()


def _in_local_zone(moment: datetime) -> datetime:
    here: tzinfo = import_module("dateutil.tz").tzlocal()
    return moment.astimezone(here)


def _limited(pages: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for page in pages:
        size += len(page)
        if size > _MOST_ANSWER_BYTES:
            raise AnswerTooLarge(
                f"the rows of one target are over {_MOST_ANSWER_BYTES // 1_000_000} MB; read it without a "
                "cluster"
            )
        yield page


def apply_batch(task: ApplyTask) -> ApplyAnswer:
    """Carry out changes, each at most once however often this is run; raises nothing of ``Exception``."""
    from aws_operations.changes import Change

    changes = [Change.from_json(text) for text in task.changes]
    results: list[tuple[str, str, CarriedError | None]] = []
    try:
        provider = _provider_of(task.errand)
        for result in _applied_once(changes, provider):
            error = None if result.error is None else CarriedError.of(result.error)
            results.append((result.change.id, result.status.value, error))
    except Exception as raised:  # noqa: BLE001 - a bug is told of like all the rest
        return ApplyAnswer(tuple(results), CarriedError.of(raised))
    return ApplyAnswer(tuple(results))


def _applied_once(changes: "Sequence[Change]", aws_provider: AwsClientProvider) -> "Iterator[ChangeResult]":
    """Yield a result for each, having read each back first: a task is run again when a worker dies."""
    from aws_operations.applying import apply_changes
    from aws_operations.changes import ChangeResult, ResultStatus

    left = []
    for change in changes:
        if not change.is_noop and _is_done(change, aws_provider):
            yield ChangeResult(change, ResultStatus.APPLIED)
        else:
            left.append(change)
    yield from apply_changes(left, lambda _: aws_provider)


def _is_done(change: "Change", aws_provider: AwsClientProvider) -> bool:
    from aws_operations.changes import ResultStatus, change_kind

    try:
        return change_kind(change.kind).read_back(change, aws_provider) is ResultStatus.APPLIED
    except (AwsInteractionError, ClientError, BotoCoreError):
        # Looking at it again before it is applied says how it failed.
        return False


def _provider_of(errand: Errand) -> AwsClientProvider:
    if errand.software != SOFTWARE:
        raise ClusterUnusable(
            f"a worker has {SOFTWARE}, and this machine {errand.software}: make them the same"
        )
    specification = ProviderSpecification.from_json(errand.specification)
    provider = specification.derive(_root_for(errand.run_id, specification))
    if not specification.roles and errand.expected_account is not None:
        # What stands behind a profile, or behind none, may be somebody else on another machine.
        actual = provider.get_aws_env().aws_account
        if actual != errand.expected_account:
            raise WrongAccount(expected_account=errand.expected_account, actual_account=actual)
    return provider


_roots: OrderedDict[tuple[str, ProviderSpecification], AwsClientProvider] = OrderedDict()
_roots_lock = threading.Lock()


def _root_for(run_id: str, specification: ProviderSpecification) -> AwsClientProvider:
    """Return the provider that the tasks of a run share: its credentials, connections and call budget."""
    key = (run_id, specification.base)
    with _roots_lock:
        root = _roots.get(key)
        if root is None:
            root = _roots[key] = _make_root(specification)
        _roots.move_to_end(key)
        if len(_roots) > _MOST_ROOTS:
            _roots.popitem(last=False)
        return root


def _check_endpoints(specification: ProviderSpecification) -> None:
    """Refuse to work at other endpoints than the sender's: nobody looked at what would be done there."""
    if specification.endpoint_url is not None:
        return
    if fingerprint_of_endpoints(specification.aws_profile) != specification.endpoints:
        raise ClusterUnusable(
            "AWS_ENDPOINT_URL, or endpoint_url in the AWS configuration, sends the calls of this machine and "
            "those of a worker to different places: set it alike on both, or give --endpoint-url"
        )


def _make_root(specification: ProviderSpecification) -> AwsClientProvider:
    if not specification.is_sandbox:
        _check_endpoints(specification)
        return AwsClientProvider(
            specification.aws_profile,
            specification.aws_region,
            aws_compute=specification.aws_compute,
            endpoint_url=specification.endpoint_url,
            client_settings=specification.settings_there(),
        )
    from aws_operations.sandbox.control import proxy_exceptions, sandbox_provider_settings

    os.environ.update(proxy_exceptions(os.environ))
    endpoint_url, access_keys = sandbox_provider_settings()
    return AwsClientProvider(
        aws_region=specification.aws_region,
        access_keys=access_keys,
        endpoint_url=endpoint_url,
        client_settings=specification.settings_there(),
    )
