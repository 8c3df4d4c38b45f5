"""What all kinds of change share that set something on a table: a document of it, before and after."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.dynamodb_interactions import TableDoesNotExist
from aws_operations.changes import (
    DONE_ALREADY,
    CannotUndo,
    Change,
    ChangeKind,
    Effect,
    JsonObject,
    ResultStatus,
    Reversibility,
    each_alone,
    register,
)
from aws_operations.dynamodb.change_parts import table_of, target_of
from aws_operations.dynamodb.guard_parts import TABLES, TAGS


@dataclass(frozen=True, slots=True)
class TableSetting:
    """A setting of a table: what it is called, how it is read and written.

    ``read`` returns it as a document; ``write`` carries out a change of it. ``judge`` says of two documents
    what a change from one to the other does, and whether it can be taken back.
    """

    kind: str
    words: str
    read: Callable[[str, AwsClientProvider], JsonObject]
    write: Callable[[Change, AwsClientProvider], None]
    judge: Callable[[JsonObject, JsonObject], tuple[Effect, Reversibility]]
    iam_actions: tuple[str, ...]
    reversibility: frozenset[Reversibility] = frozenset({Reversibility.REVERSIBLE})

    def change(
        self, table: str, before: JsonObject, after: JsonObject, aws_provider: AwsClientProvider
    ) -> Change:
        """Return the change of a table's setting from one document to another."""
        environment = aws_provider.get_aws_env()
        effect, reversibility = self.judge(before, after)
        return Change(
            kind=self.kind,
            target=target_of(environment),
            resource=dynamodb_interactions.table_arn(table, environment),
            effect=effect,
            before=before,
            after=after,
            iam_actions=self.iam_actions,
            reversibility=reversibility,
        )

    def register(self) -> ChangeKind:
        """Make the kind of change known that carries the setting out."""
        return register(
            ChangeKind(
                self.kind,
                each_alone(self.write),
                self._recheck,
                self._read_back,
                is_idempotent=True,
                iam_actions=self.iam_actions,
                reversibility=self.reversibility,
                invert=self._invert,
                tags=TAGS,
                census=TABLES,
            )
        )

    def _recheck(self, change: Change, aws_provider: AwsClientProvider) -> str | None:
        now = self._now(change, aws_provider)
        if now is None:
            return "the table has gone"
        if now == change.before:
            return None
        return DONE_ALREADY if now == change.after else f"{self.words} changed"

    def _read_back(self, change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
        now = self._now(change, aws_provider)
        if now == change.after:
            return ResultStatus.APPLIED
        # What is asked for is seen after a while only.
        return ResultStatus.UNKNOWN

    def _invert(self, change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
        now = self._now(change, aws_provider)
        if now is None:
            raise CannotUndo("the table has gone", resource=change.resource)
        if now != change.after:
            raise CannotUndo(f"{self.words} changed since", resource=change.resource)
        yield self.change(table_of(change), now, change.before or {}, aws_provider)

    def _now(self, change: Change, aws_provider: AwsClientProvider) -> JsonObject | None:
        try:
            return self.read(table_of(change), aws_provider)
        except TableDoesNotExist:
            return None
