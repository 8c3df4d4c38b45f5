"""Many items written from a file of JSON lines, with an honest answer for each line.

DynamoDB takes no conditions in a batch: what somebody else writes between looking again, which is done just
before each batch, and the writing itself is lost. Where that matters, items are put one by one.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import (
    AlreadyExists,
    AnswerLost,
    AwsInteractionError,
    InvalidInput,
    LocalFileProblem,
    Throttled,
)
from aws_interactions.dynamodb_interactions import TableDescription, to_item
from aws_interactions.local_files import CantWriteFileAlreadyExists, check_destination, new_file
from aws_operations.changes import (
    Change,
    ChangeKind,
    ChangeResult,
    Effect,
    JsonObject,
    ResultStatus,
    Reversibility,
    invert_alone,
    register,
    result_of_error,
)
from aws_operations.dynamodb.batch_parts import (
    BATCH_WRITE,
    IAM_ACTIONS,
    by_table,
    invert_writes,
    key_line,
    present_by_resource,
    present_documents,
    write_change,
)
from aws_operations.dynamodb.change_parts import (
    drift_between,
    key_of,
    read_back_item,
    recheck_item,
    target_of,
)
from aws_operations.dynamodb.guard_parts import ITEMS, TAGS
from aws_operations.dynamodb.item_changes import ItemPlace
from aws_operations.dynamodb.json_lines import JsonLines, Line, WrongLines, numbers_of_lines
from aws_operations.dynamodb.plain_json import Item, document_of, item_of, json_line, same
from aws_operations.dynamodb.table_keys import checked_key, whole_key
from aws_operations.targets import Target, fill_template, name_in

logger = logging.getLogger(__name__)

KEYS_A_READ = 100
_WRITES_A_BATCH = 25
_DONE = frozenset({ResultStatus.APPLIED, ResultStatus.UNCHANGED})


class ItemsAlreadyExist(AlreadyExists):
    """Lines of a file would replace items, which was not asked for; ``lines`` has their numbers."""

    def __init__(self, table_name: str, source: str, lines: Sequence[int]) -> None:
        super().__init__(
            f"{table_name}: {source} would replace {len(lines)} item{'' if len(lines) == 1 else 's'} "
            f"({numbers_of_lines(lines)})",
            resource=table_name,
        )
        self.table_name = table_name
        self.lines = tuple(lines)


class LeftOverFileExists(CantWriteFileAlreadyExists):
    """The file for the lines left over is there; it is never replaced, what it holds may be needed."""


class ItemNotWritten(Throttled):
    """DynamoDB left an item of a batch unprocessed to the end."""

    def __init__(self, resource: str) -> None:
        super().__init__(f"{resource}: DynamoDB left it unprocessed to the end", resource=resource)


class BatchVerb(StrEnum):
    """What a line of a batch does with an item."""

    PUT = "put"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """An item to put, or the key of one to delete."""

    verb: BatchVerb
    item: Item


def batch_requests(source: Path | BinaryIO) -> JsonLines[BatchRequest]:
    """Return the lines of a file or stream, each ``{"put": ITEM}`` or ``{"delete": KEY}``."""
    return JsonLines(source, _request_of)


def _request_of(document: object) -> BatchRequest:
    if isinstance(document, dict) and len(document) == 1:
        [(verb, inner)] = document.items()
        if verb in set(BatchVerb):
            item = item_of(inner)
            to_item(item)
            return BatchRequest(BatchVerb(verb), item)
    raise InvalidInput('is neither {"put": ITEM} nor {"delete": KEY}')


class BatchWrite:
    """A batch of writes to a table, planned in each target, that keeps the lines that were not carried out.

    ``left_over`` is the file for them, ``{account}`` and ``{region}`` filled in; it must not exist, and is
    made only if a line is left. A put that finds the very same item is nothing to do, so that a file can be
    run again after a failure. ``keep_before``: items that are replaced or deleted stay in the journal, so
    that these changes can be undone.
    """

    def __init__(
        self,
        table_name: str,
        requests: JsonLines[BatchRequest],
        *,
        overwrite: bool = False,
        left_over: str | None = None,
        keep_before: bool = False,
    ) -> None:
        self._table_name = table_name
        self._requests = requests
        self._overwrite = overwrite
        self._left_over = left_over
        self._keep_before = keep_before
        self._open: dict[Target, dict[str, str]] = {}

    def plan(self, aws_provider: AwsClientProvider) -> Iterator[Change]:
        """Plan every line; reads the items as they are, a hundred a call (BatchGetItem).

        Raises ``WrongLines`` for what is no request, has no key, or names an item twice, and
        ``ItemsAlreadyExist`` unless replacing was asked for.
        """
        table = fill_template(self._table_name, aws_provider)
        lines = self._requests.lines
        keys = self._keys(dynamodb_interactions.describe_table(table, aws_provider))
        environment = aws_provider.get_aws_env()
        target = target_of(environment)
        if self._left_over is not None:
            with _as_left_over():
                check_destination(Path(name_in(target, self._left_over)), overwrite=False)
        open_lines: dict[str, str] = {}
        in_the_way: list[int] = []
        for line, key, present in _with_present(lines, keys, table, aws_provider):
            place = ItemPlace(environment, table, key)
            after = None if line.value.verb is BatchVerb.DELETE else document_of(line.value.item)
            change = write_change(place, present, after, keep_before=self._keep_before)
            if change.effect is Effect.OVERWRITE and not change.is_noop and not self._overwrite:
                in_the_way.append(line.number)
                continue
            open_lines[change.resource] = line.text
            yield change
        if in_the_way:
            raise ItemsAlreadyExist(table, self._requests.name, in_the_way)
        self._open[target] = open_lines

    def _keys(self, table: TableDescription) -> list[Item]:
        complaints: dict[int, str] = {}
        number_by_key: dict[str, int] = {}
        keys = []
        for line in self._requests.lines:
            request = line.value
            try:
                check = whole_key if request.verb is BatchVerb.DELETE else checked_key
                key = check(table, request.item)
            except InvalidInput as error:
                complaints[line.number] = str(error)
                continue
            first = number_by_key.setdefault(json_line(document_of(key)), line.number)
            if first != line.number:
                complaints[line.number] = f"is of the same item as line {first}"
            keys.append(key)
        if complaints:
            raise WrongLines(self._requests.name, complaints)
        return keys

    @contextmanager
    def watch(self) -> Iterator[Callable[[ChangeResult], None]]:
        """Give what takes each result; on the way out, whatever ended it, the lines left over are written."""
        try:
            yield self._note
        finally:
            self._keep_left_over()

    def _note(self, result: ChangeResult) -> None:
        if result.status in _DONE:
            # As whom it is reached says nothing of where the item is.
            place = replace(result.change.target, aws_profile=None)
            self._open[place].pop(result.change.resource, None)

    def _keep_left_over(self) -> None:
        failures = []
        for target, lines in self._open.items():
            if not lines or self._left_over is None:
                continue
            try:
                _keep(Path(name_in(target, self._left_over)), lines.values())
            except LocalFileProblem as error:
                failures.append(error)
        if failures:
            raise failures[0]


@contextmanager
def _as_left_over() -> Iterator[None]:
    try:
        yield
    except CantWriteFileAlreadyExists as error:
        raise LeftOverFileExists(error.file_path) from error


def _keep(path: Path, lines: Collection[str]) -> None:
    with _as_left_over(), new_file(path) as write:
        write("".join(f"{text}\n" for text in lines).encode())
    count = "1 line was" if len(lines) == 1 else f"{len(lines)} lines were"
    logger.warning("%s not carried out, or may not have been; kept in %s", count, path)


def _with_present(
    lines: Sequence[Line[BatchRequest]], keys: Sequence[Item], table: str, aws_provider: AwsClientProvider
) -> Iterator[tuple[Line[BatchRequest], Item, JsonObject | None]]:
    pairs = iter(zip(lines, keys, strict=True))
    while chunk := list(islice(pairs, KEYS_A_READ)):
        found = present_documents(table, [key for _, key in chunk], aws_provider)
        for line, key in chunk:
            yield line, key, found[json_line(document_of(key))]


def _recheck_batch(batch: Sequence[Change], aws_provider: AwsClientProvider) -> list[str | None]:
    present = present_by_resource(batch, aws_provider)
    drifts = []
    seen = set[str]()
    for change in batch:
        # DynamoDB takes no item twice in a batch, and the write before would change it.
        is_again = change.resource in seen
        drifts.append(
            "the item has changed" if is_again else drift_between(change.before, present[change.resource])
        )
        seen.add(change.resource)
    return drifts


def _apply(batch: Sequence[Change], aws_provider: AwsClientProvider) -> Iterator[ChangeResult]:
    for table, changes in by_table(batch).items():
        pause = _Pause()
        try:
            left_over = _write(table, changes, aws_provider, pause)
        except (AwsInteractionError, ClientError, BotoCoreError) as error:
            yield from _results_after(error, changes, aws_provider, is_first_call=not pause.was_made)
            continue
        for change in changes:
            if key_line(change) in left_over:
                yield ChangeResult(change, ResultStatus.FAILED, ItemNotWritten(change.resource))
            else:
                yield ChangeResult(change, ResultStatus.APPLIED)


class _Pause:
    """The pause before what was left unprocessed is sent again; knows whether there was one."""

    def __init__(self) -> None:
        self.was_made = False

    def __call__(self, seconds: float) -> None:
        self.was_made = True
        time.sleep(seconds)


def _results_after(
    error: Exception, changes: Sequence[Change], aws_provider: AwsClientProvider, *, is_first_call: bool
) -> Iterator[ChangeResult]:
    """Yield what became of a batch that ended with an error: calls before may have written some of it."""
    try:
        present = present_by_resource(changes, aws_provider)
    except (AwsInteractionError, ClientError, BotoCoreError):
        make = result_of_error if is_first_call else _unknown
        yield from (make(change, error) for change in changes)
        return
    for change in changes:
        now = present[change.resource]
        if same(now, change.after):
            yield ChangeResult(change, ResultStatus.APPLIED)
        elif is_first_call or same(now, change.before):
            yield result_of_error(change, error)
        else:
            yield _unknown(change, error)


def _unknown(change: Change, error: Exception) -> ChangeResult:
    message = f"{change.resource}: an earlier call may have written it; a later one ended with: {error}"
    lost = AnswerLost(message, resource=change.resource)
    lost.__cause__ = error.__cause__ or error
    return ChangeResult(change, ResultStatus.UNKNOWN, lost)


def _write(
    table: str, changes: Sequence[Change], aws_provider: AwsClientProvider, sleep: Callable[[float], None]
) -> set[str]:
    """Write a batch and return the keys, as JSON, of what DynamoDB left unprocessed (BatchWriteItem)."""
    puts = [item_of(change.after) for change in changes if change.after is not None]
    deletes = [key_of(change) for change in changes if change.after is None]
    outcome = dynamodb_interactions.batch_write(
        table, puts, deletes, aws_provider, key_names=tuple(key_of(changes[0])), sleep=sleep
    )
    return {json_line(document_of(request.key)) for request in outcome.left_over}


register(
    ChangeKind(
        BATCH_WRITE,
        _apply,
        recheck_item,
        read_back_item,
        batch_size=_WRITES_A_BATCH,
        recheck_batch=_recheck_batch,
        is_idempotent=True,
        iam_actions=IAM_ACTIONS,
        reversibility=frozenset(Reversibility),
        invert=invert_alone(invert_writes),
        invert_batch=invert_writes,
        tags=TAGS,
        census=ITEMS,
    )
)
