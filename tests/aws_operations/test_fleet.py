"""One outcome for each target, whatever happens in it."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied, CredentialsProblem, Unavailable
from aws_interactions.testing import fake_provider
from aws_operations.fleet import Operation, Outcome, OutcomeStatus, run_fleet, run_in_each
from aws_operations.run_control import NotTried
from aws_operations.targets import Target

TARGETS = [Target("eu-west-1", account) for account in ("111111111111", "222222222222", "333333333333")]


def outcomes_of(operation: Operation) -> tuple[list[Outcome], list[object]]:
    rows: list[object] = []
    outcomes = run_in_each(operation, TARGETS, lambda _: fake_provider(), lambda _, row: rows.append(row))
    return list(outcomes), rows


def test_WHEN_an_operation_yields_rows_THEN_each_target_counts_them() -> None:
    outcomes, rows = outcomes_of(lambda _: ["a", "b"])
    assert [outcome.row_count for outcome in outcomes] == [2, 2, 2]
    assert rows == ["a", "b"] * 3


def test_WHEN_an_operation_yields_nothing_THEN_the_outcome_says_so() -> None:
    outcomes, _ = outcomes_of(lambda _: [])
    assert {outcome.status for outcome in outcomes} == {OutcomeStatus.NOTHING}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (AccessDenied("no"), OutcomeStatus.DENIED),
        (Unavailable("down"), OutcomeStatus.ERROR),
        (ZeroDivisionError("a bug"), OutcomeStatus.ERROR),
    ],
)
def test_WHEN_one_target_fails_midway_THEN_its_rows_are_kept_and_the_others_run(
    error: Exception, status: OutcomeStatus
) -> None:
    calls: list[AwsClientProvider] = []

    def operation(aws_provider: AwsClientProvider) -> Iterator[str]:
        calls.append(aws_provider)
        yield "row"
        if len(calls) == 2:
            raise error

    outcomes, rows = outcomes_of(operation)
    assert [outcome.status for outcome in outcomes] == [OutcomeStatus.ROWS, status, OutcomeStatus.ROWS]
    assert outcomes[1].error is error
    assert rows == ["row"] * 3


def test_WHEN_a_provider_cannot_be_had_THEN_that_is_the_outcome_of_its_target() -> None:
    def provider_for(target: Target) -> AwsClientProvider:
        if target == TARGETS[0]:
            raise CredentialsProblem("no role")
        return fake_provider()

    outcomes = list(run_in_each(lambda _: ["row"], TARGETS, provider_for, lambda *_: None))
    assert [outcome.status for outcome in outcomes] == [
        OutcomeStatus.ERROR,
        OutcomeStatus.ROWS,
        OutcomeStatus.ROWS,
    ]


def test_WHEN_rows_cannot_be_written_THEN_the_run_ends() -> None:
    def full(_: Target, __: object) -> None:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        list(run_in_each(lambda _: ["row"], TARGETS, lambda _: fake_provider(), full))


@pytest.mark.parametrize(
    ("error", "is_bug"),
    [
        (AccessDenied("no"), False),
        (ClientError({"Error": {"Code": "Teapot", "Message": "short"}}, "HeadBucket"), False),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1"), False),
        (NotTried(), False),
        (KeyError("Instances"), True),
        (None, False),
    ],
)
def test_WHEN_an_operation_fails_THEN_its_outcome_says_whether_that_is_a_bug(
    error: Exception | None, is_bug: bool
) -> None:
    def operation(_: AwsClientProvider) -> list[int]:
        if error is not None:
            raise error
        return [1]

    (outcome,) = run_fleet(operation, [Target("eu-west-1", "123456789012")], lambda _: fake_provider())

    assert outcome.is_bug is is_bug


def test_WHEN_the_operation_of_a_script_returns_nothing_at_all_THEN_there_are_no_rows() -> None:
    def operation(_: AwsClientProvider) -> None:
        return None

    (outcome,) = run_fleet(operation, [Target("eu-west-1", "123456789012")], lambda _: fake_provider())

    assert (outcome.status, outcome.rows, outcome.error) == (OutcomeStatus.NOTHING, (), None)


@pytest.mark.parametrize("result", [OutcomeStatus.ROWS, b"bytes", {"a": 1}, Target("eu-west-1"), 0])
def test_WHEN_an_operation_of_a_script_returns_a_single_value_THEN_it_is_one_row(result: object) -> None:
    outcomes = list(run_fleet(lambda _: result, TARGETS, lambda _: fake_provider()))
    assert [outcome.rows for outcome in outcomes] == [(result,)] * 3
