"""A noun that counts who is there, and has a bug in some accounts, for tests of runs over many targets."""

from collections.abc import Iterator
from functools import partial

import click

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.sts_interactions import CallerIdentity, get_caller_identity
from aws_operations.outcomes import NothingMatches
from commands.app import noun
from commands.shapes import Shape

census = noun("census", help="Who is there.")


@census.verb("count", shape=Shape.ROWS, example="manage-resources census count")
@click.option("--bug-in", default="", help="Where it divides by zero.")
@click.option("--none-in", default="", help="Where nobody matches.")
def count(bug_in: str, none_in: str) -> partial[Iterator[CallerIdentity]]:
    """Count who is there."""
    return partial(counted, frozenset(bug_in.split()), none_in=frozenset(none_in.split()))


def counted(
    bug_in: frozenset[str], aws_provider: AwsClientProvider, *, none_in: frozenset[str] = frozenset()
) -> Iterator[CallerIdentity]:
    caller = get_caller_identity(aws_provider)
    if caller.account in none_in:
        raise NothingMatches("there is nobody tag:role=guest", resource="tag:role=guest")
    if caller.account in bug_in:
        raise ZeroDivisionError(f"nobody in {caller.account}")
    yield caller
