"""Who an operator acts as."""

from collections.abc import Iterator
from dataclasses import dataclass

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.sts_interactions import get_caller_identity


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """The identity in one account and region; ``profile`` is the one that was named, if one was."""

    account: str
    region: str
    arn: str
    user_id: str
    profile: str | None


def whoami(aws_provider: AwsClientProvider) -> Iterator[IdentityRow]:
    """Yield one row: who calls are made as, asked of AWS and not of any cache."""
    environment = aws_provider.get_aws_env()
    caller = get_caller_identity(aws_provider)
    yield IdentityRow(
        account=caller.account,
        region=environment.aws_region,
        arn=caller.arn,
        user_id=caller.user_id,
        profile=environment.aws_profile,
    )
