"""The regions, and the domains of partitions, that this botocore has heard of: AWS may have newer ones."""

from functools import cache
from typing import Any


@cache
def known_regions() -> frozenset[str]:
    """Return the names of the regions of all partitions, from botocore's own list; makes no call."""
    return frozenset(
        name for partition in _partitions() for name in partition["regions"] if not name.endswith("-global")
    )


@cache
def aws_domains() -> tuple[str, ...]:
    """Return the domains that AWS's endpoints are under, in all partitions, the longest first."""
    outputs = [partition["outputs"] for partition in _partitions()]
    domains = {each[name] for each in outputs for name in ("dnsSuffix", "dualStackDnsSuffix")}
    return tuple(sorted(domains, key=len, reverse=True))


def _partitions() -> list[dict[str, Any]]:
    from botocore.loaders import create_loader

    partitions: list[dict[str, Any]] = create_loader().load_data("partitions")["partitions"]
    return partitions
