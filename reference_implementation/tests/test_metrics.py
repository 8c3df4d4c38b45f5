"""Metrics: what they are told to CloudWatch as, in how many calls, and what is refused before it is sent."""

import math
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError

from core.aws_client_provider import AwsClientProvider
from core.aws_errors import AccessDenied
from example_service.metrics import BucketSize, ClosedShare, Metric, UnusableMetric, put_metrics


class FakeCloudWatch:
    """Keeps what is put, call by call; ``refuses_after`` calls it answers with a code instead."""

    def __init__(self, *, refuses_after: int | None = None, code: str = "AccessDenied") -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self._refuses_after = refuses_after
        self._code = code

    def put_metric_data(self, *, Namespace: str, MetricData: list[dict[str, Any]]) -> None:  # noqa: N803 - AWS's
        if len(self.calls) == self._refuses_after:
            raise ClientError({"Error": {"Code": self._code, "Message": Namespace}}, "PutMetricData")
        self.calls.append(MetricData)


def provider_of(client: object) -> Any:
    aws_provider = mock.create_autospec(AwsClientProvider, instance=True)
    aws_provider.get_cloudwatch.return_value = client
    return aws_provider


def test_WHEN_metrics_of_several_kinds_are_put_THEN_each_says_its_own_name_unit_and_dimensions() -> None:
    client = FakeCloudWatch()
    metrics: list[Metric] = [BucketSize("logs", 2048), ClosedShare("123456789012", closed=1, looked_at=4)]

    sent = put_metrics("Storage", metrics, provider_of(client))

    assert sent == 2
    assert client.calls == [
        [
            {
                "MetricName": "BucketSize",
                "Dimensions": [{"Name": "Bucket", "Value": "logs"}],
                "Value": 2048.0,
                "Unit": "Bytes",
            },
            {
                "MetricName": "ClosedShare",
                "Dimensions": [{"Name": "Account", "Value": "123456789012"}],
                "Value": 25.0,
                "Unit": "Percent",
            },
        ]
    ]


def test_WHEN_no_bucket_was_looked_at_THEN_none_was_closed() -> None:
    assert ClosedShare("123456789012", closed=0, looked_at=0).measured() == 0


@pytest.mark.parametrize(("number", "calls"), [(0, []), (1, [1]), (1000, [1000]), (2001, [1000, 1000, 1])])
def test_WHEN_many_metrics_are_put_THEN_a_call_has_a_thousand_at_most(number: int, calls: list[int]) -> None:
    client = FakeCloudWatch()

    sent = put_metrics("Storage", (BucketSize("logs", size) for size in range(number)), provider_of(client))

    assert sent == number
    assert [len(call) for call in client.calls] == calls
    assert [datum["Value"] for call in client.calls for datum in call] == list(range(number))


class Reading(Metric):
    """A metric that is what it is told to be."""

    metric_name = "Reading"
    unit = BucketSize.unit

    def __init__(self, value: float) -> None:
        self._value = value

    def measured(self) -> float:
        return self._value

    def dimensions(self) -> dict[str, str]:
        return {}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2.0**361, -(2.0**361)])
def test_WHEN_a_metric_has_a_value_that_cloudwatch_refuses_THEN_it_is_named_and_nothing_is_sent(
    value: float,
) -> None:
    client = FakeCloudWatch()

    with pytest.raises(UnusableMetric, match="metric Reading is") as caught:
        put_metrics("Storage", [BucketSize("logs", 1), Reading(value)], provider_of(client))

    assert caught.value.metric_name == "Reading"
    assert client.calls == []


def test_WHEN_a_kind_of_metric_lacks_a_part_THEN_it_cannot_be_made() -> None:
    class WithoutDimensions(Metric):
        metric_name = "WithoutDimensions"

        def measured(self) -> float:
            return 1

    with pytest.raises(TypeError, match="dimensions"):
        WithoutDimensions()  # type: ignore[abstract]


def test_WHEN_a_later_call_is_refused_THEN_the_batches_before_it_are_sent() -> None:
    client = FakeCloudWatch(refuses_after=1)

    with pytest.raises(AccessDenied) as caught:
        put_metrics("Storage", (BucketSize("logs", size) for size in range(1500)), provider_of(client))

    assert [len(call) for call in client.calls] == [1000]
    assert isinstance(caught.value.__cause__, ClientError)


def test_WHEN_metrics_are_put_THEN_cloudwatch_knows_their_buckets(aws_provider: AwsClientProvider) -> None:
    put_metrics("Storage", [BucketSize("logs", 2048), BucketSize("notes", 1)], aws_provider)

    listed = aws_provider.get_cloudwatch().list_metrics(Namespace="Storage", MetricName="BucketSize")

    names = {dimension["Value"] for metric in listed["Metrics"] for dimension in metric["Dimensions"]}
    assert names == {"logs", "notes"}
