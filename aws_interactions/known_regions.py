"""The regions that this botocore has heard of: AWS may have newer ones."""

from functools import cache


@cache
def known_regions() -> frozenset[str]:
    """Return the names of the regions of all partitions, from botocore's own list; makes no call."""
    from botocore.loaders import create_loader

    partitions = create_loader().load_data("partitions")["partitions"]
    return frozenset(
        name for partition in partitions for name in partition["regions"] if not name.endswith("-global")
    )
