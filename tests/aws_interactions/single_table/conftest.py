import pytest

from aws_interactions import dynamodb_interactions as dynamodb
from aws_interactions.aws_client_provider import AwsClientProvider
from tests.support.single_table_things import APP


@pytest.fixture
def app(aws_provider: AwsClientProvider) -> AwsClientProvider:
    """Give a provider whose table ``app`` is empty."""
    dynamodb.create_table(APP.spec(), aws_provider)
    return aws_provider
