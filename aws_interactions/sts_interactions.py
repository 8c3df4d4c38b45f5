"""STS: who the caller is."""

import logging
from dataclasses import dataclass

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import translate_aws_errors

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CallerIdentity:
    """Who calls are made as; ``user_id`` of an assumed role is ``ROLE-ID:SESSION-NAME``."""

    account: str
    arn: str
    user_id: str


def get_caller_identity(aws_provider: AwsClientProvider) -> CallerIdentity:
    """Return who the provider's credentials act as (GetCallerIdentity, which needs no permission).

    Raises ``CredentialsProblem`` when AWS does not accept them.
    """
    with translate_aws_errors("sts", "the caller's identity"):
        answer = aws_provider.get_sts().get_caller_identity()
    identity = CallerIdentity(account=answer["Account"], arn=answer["Arn"], user_id=answer["UserId"])
    logger.debug("caller is %s", identity.arn)
    return identity
