"""Metrics: each kind knows what it measures, of what and in which unit; CloudWatch takes them in batches."""

import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from core.aws_errors import InvalidInput, translate_aws_errors

if TYPE_CHECKING:
    from core.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

METRICS_PER_CALL = 1000
_LARGEST = 2.0**360


class UnusableMetric(InvalidInput):
    """A metric has a value that CloudWatch refuses; nothing of its batch was sent."""

    def __init__(self, metric_name: str, value: float) -> None:
        super().__init__(f"metric {metric_name} is {value}, which CloudWatch does not take")
        self.metric_name = metric_name
        self.value = value


class MetricUnit(StrEnum):
    """The units of CloudWatch that are used here."""

    BYTES = "Bytes"
    PERCENT = "Percent"
    SECONDS = "Seconds"


class Metric(ABC):
    """One measurement; a subclass says what is measured, and this class how CloudWatch wants it told."""

    __slots__ = ()

    metric_name: ClassVar[str]
    unit: ClassVar[MetricUnit]

    @abstractmethod
    def measured(self) -> float:
        """Return the value, in ``unit``."""

    @abstractmethod
    def dimensions(self) -> Mapping[str, str]:
        """Return what the value belongs to, by name: at most 30 of them."""

    def to_datum(self) -> dict[str, Any]:
        """Return the metric as PutMetricData takes it; ``UnusableMetric`` if it has no finite value."""
        value = self.measured()
        if not math.isfinite(value) or abs(value) > _LARGEST:
            raise UnusableMetric(self.metric_name, value)
        return {
            "MetricName": self.metric_name,
            "Dimensions": [{"Name": name, "Value": of} for name, of in self.dimensions().items()],
            "Value": value,
            "Unit": self.unit.value,
        }


@dataclass(frozen=True, slots=True)
class BucketSize(Metric):
    """How much the objects of a bucket weigh together."""

    metric_name: ClassVar[str] = "BucketSize"
    unit: ClassVar[MetricUnit] = MetricUnit.BYTES

    bucket_name: str
    size: int

    def measured(self) -> float:
        """Return the size in bytes."""
        return float(self.size)

    def dimensions(self) -> Mapping[str, str]:
        """Return the bucket's name."""
        return {"Bucket": self.bucket_name}


@dataclass(frozen=True, slots=True)
class ClosedShare(Metric):
    """The share of an account's buckets that were closed to the caller."""

    metric_name: ClassVar[str] = "ClosedShare"
    unit: ClassVar[MetricUnit] = MetricUnit.PERCENT

    aws_account: str
    closed: int
    looked_at: int

    def measured(self) -> float:
        """Return the share in percent; of no buckets at all, none were closed."""
        return 100 * self.closed / self.looked_at if self.looked_at else 0.0

    def dimensions(self) -> Mapping[str, str]:
        """Return the account."""
        return {"Account": self.aws_account}


def put_metrics(namespace: str, metrics: Iterable[Metric], aws_provider: "AwsClientProvider") -> int:
    """Send metrics of any kinds, and return how many (PutMetricData, up to 1,000 a call).

    Not all or nothing: the batches before one that fails are sent. A call that is repeated after a lost
    answer counts twice: sums may then be too large, maxima never. Raises ``UnusableMetric``.
    """
    logger.debug("put_metrics namespace=%s", namespace)
    client = aws_provider.get_cloudwatch()
    sent = 0
    for batch in _batches(metrics):
        data = [metric.to_datum() for metric in batch]
        with translate_aws_errors("cloudwatch", namespace):
            client.put_metric_data(Namespace=namespace, MetricData=data)
        sent += len(data)
    logger.info("sent %d metrics to %s", sent, namespace)
    return sent


def _batches(metrics: Iterable[Metric]) -> Iterator[list[Metric]]:
    left = iter(metrics)
    while batch := list(islice(left, METRICS_PER_CALL)):
        yield batch
