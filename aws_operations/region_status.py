"""Which regions an account has enabled, asked of the account itself."""

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import EndpointConnectionError

from aws_interactions.aws_environment import partition_of_region
from aws_operations.run_control import TargetSkipped
from aws_operations.targets import Target, TargetProviders

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider
    from aws_interactions.ec2_interactions import Region

# What AWS was seen to answer where a region is off for the account, be it STS or the service itself; all of
# them may as well mean something else.
_CODES_OF_REGIONS_OFF = frozenset(
    {
        "AuthFailure",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "OptInRequired",
        "RegionDisabledException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
# Regions of each partition that no account can switch off.
_ALWAYS_ON = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-south-1",
    "aws-eusc": "eusc-de-east-1",
}


class RegionNotEnabled(TargetSkipped):
    """The account has not enabled the region, so nothing can be there."""

    def __init__(self, target: Target) -> None:
        super().__init__(f"region {target.aws_region} is not enabled in account {target.aws_account or '-'}")
        self.target = target


class RegionStatus:
    """Finds out whether a target failed because its region is off; asks each account once, all threads.

    ``asked_in`` is the region to ask in, where it is not the one in question.
    """

    def __init__(self, providers: TargetProviders, asked_in: str | None = None) -> None:
        self._providers = providers
        self._asked_in = asked_in
        self._lock = threading.Lock()
        self._accounts: dict[tuple[str, str | None, str | None], _Answer] = {}

    def explain(self, target: Target, error: Exception) -> Exception:
        """Return ``RegionNotEnabled`` if that is why a target failed, else the error as it is.

        Only errors that look like it are looked into (DescribeRegions, once for each account); where the
        account does not answer that either, the error stays what it was.
        """
        if not looks_like_region_off(error):
            return error
        partition = partition_of_region(target.aws_region)
        with self._lock:
            answer = self._accounts.setdefault(
                (partition, target.aws_account, target.aws_profile), _Answer(threading.Lock())
            )
        with answer.lock:
            if not answer.is_asked:
                answer.is_asked = True
                answer.disabled = self._disabled_regions(target)
        return RegionNotEnabled(target) if target.aws_region in answer.disabled else error

    def _disabled_regions(self, target: Target) -> frozenset[str]:
        try:
            # A region that is off cannot be asked.
            asked_in = self._asked_in if self._asked_in != target.aws_region else None
            regions = regions_of(self._providers, target, asked_in=asked_in, all_regions=True)
        except Exception:  # noqa: BLE001 - the answer is only to explain another error
            return frozenset()
        return frozenset(region.region for region in regions if not region.is_enabled)


@dataclass(slots=True)
class _Answer:
    """What one account said, once somebody asked it."""

    lock: threading.Lock
    is_asked: bool = False
    disabled: frozenset[str] = frozenset()


def looks_like_region_off(error: BaseException) -> bool:
    """Say whether an error may come of a region that is off for the account."""
    cause = error.__cause__
    if isinstance(error, EndpointConnectionError) or isinstance(cause, EndpointConnectionError):
        return True
    response = getattr(error, "response", None) or getattr(cause, "response", None)
    return isinstance(response, dict) and response.get("Error", {}).get("Code") in _CODES_OF_REGIONS_OFF


def always_on_region(aws_region: str) -> str:
    """Return the region of the same partition that no account can switch off."""
    return _ALWAYS_ON[partition_of_region(aws_region)]


def regions_of(
    providers: TargetProviders, target: Target, *, asked_in: str | None = None, all_regions: bool = False
) -> "list[Region]":
    """Return the regions that the account of a target has enabled, or all there are (DescribeRegions).

    Asked in ``asked_in`` and, without it or where it seems to be off, in a region of the partition that
    nobody can switch off. Raises what the last of them raised.
    """
    from aws_interactions.ec2_interactions import list_regions

    partition = partition_of_region(target.aws_region)
    always_on = always_on_region(target.aws_region)
    first = asked_in if asked_in and partition_of_region(asked_in) == partition else always_on
    try:
        return list_regions(_reader(providers, target, first), all_regions=all_regions)
    except Exception as error:
        if first == always_on or not looks_like_region_off(error):
            raise
        return list_regions(_reader(providers, target, always_on), all_regions=all_regions)


def _reader(providers: TargetProviders, target: Target, aws_region: str) -> "AwsClientProvider":
    there = Target(aws_region, target.aws_account, target.aws_profile)
    return providers.provider_for(there).read_only()
