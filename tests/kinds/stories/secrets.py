from functools import partial
from typing import Any

from aws_interactions import secrets_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.secrets_interactions import SecretValue
from aws_operations.changes import Change
from aws_operations.secrets import changes
from aws_operations.secrets.held_values import HeldValue
from tests.kinds.stories.story import Story

NAME = "orders/database"


def make(aws_provider: AwsClientProvider) -> None:
    client: Any = aws_provider.get_secretsmanager()
    client.create_secret(Name=NAME, SecretString="first-value", Tags=[{"Key": "team", "Value": "web"}])


def make_two(aws_provider: AwsClientProvider) -> None:
    make(aws_provider)
    client: Any = aws_provider.get_secretsmanager()
    client.put_secret_value(SecretId=NAME, SecretString="second-value")


def delete(aws_provider: AwsClientProvider) -> None:
    make(aws_provider)
    client: Any = aws_provider.get_secretsmanager()
    client.delete_secret(SecretId=NAME, RecoveryWindowInDays=7)


def state(aws_provider: AwsClientProvider) -> Any:
    """Return what the secret is; one to be deleted is as good as none."""
    try:
        found = secrets_interactions.describe_secret(NAME, aws_provider)
    except secrets_interactions.SecretDoesntExist:
        return None
    tags = secrets_interactions.get_secret_tags(NAME, aws_provider)
    return None if found.is_to_be_deleted else (found.current_version, dict(tags))


def held() -> HeldValue:
    return HeldValue.of(SecretValue("another-value"))


def plan_create(aws_provider: AwsClientProvider) -> Any:
    return changes.plan_create_secret(NAME, held(), aws_provider)


def plan_put(aws_provider: AwsClientProvider) -> Any:
    return changes.plan_put_secret(NAME, held(), aws_provider)


def plan_promote(aws_provider: AwsClientProvider) -> list[Change]:
    return list(changes.plan_promote_version(NAME, "AWSPREVIOUS", aws_provider))


STORIES = {
    "secrets.create": Story(plan_create, state),
    "secrets.put": Story(plan_put, state, make),
    "secrets.delete": Story(partial(changes.plan_delete_secret, NAME), state, make),
    "secrets.restore": Story(partial(changes.plan_restore_secret, NAME), state, delete),
    "secrets.promote": Story(plan_promote, state, make_two),
    "secrets.set-tags": Story(partial(changes.plan_set_secret_tags, NAME, {"team": "ops"}), state, make),
}
