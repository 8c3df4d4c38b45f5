"""What there is to read of secrets."""

import pytest

from aws_interactions import secrets_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.secrets_interactions import SecretValue
from aws_operations.secrets import reads as secrets

NAME = "app-eu-west-1"
TEMPLATE = "app-{region}"
JSON = '{"user": "orders", "port": 5432, "on": true, "list": ["é", 1]}'


@pytest.fixture
def stored(aws_provider: AwsClientProvider) -> str:
    made = secrets_interactions.create_secret(
        NAME, SecretValue(JSON), aws_provider, description="of the shop", tags={"b": "2", "a": "1"}
    )
    return made.version_id


def test_WHEN_a_secret_is_read_THEN_rows_tell_of_it_AND_not_its_value(
    stored: str, aws_provider: AwsClientProvider
) -> None:
    [row] = secrets.secrets(aws_provider, name_prefix="app-{region}", tags={"a": "1"})
    assert (row.name, row.description, row.deletion_at) == (NAME, "of the shop", None)
    [details] = secrets.details(TEMPLATE, aws_provider)
    assert details.versions == {stored: ("AWSCURRENT",)}
    [version] = secrets.versions(TEMPLATE, aws_provider, include_unlabelled=False)
    assert (version.version_id, version.stages) == (stored, ("AWSCURRENT",))
    assert [(tag.name, tag.value) for tag in secrets.tags(TEMPLATE, aws_provider)] == [("a", "1"), ("b", "2")]
    assert "5432" not in f"{row}{details}{version}"


@pytest.mark.parametrize(
    ("field", "printed"),
    [(None, JSON), ("user", "orders"), ("port", "5432"), ("on", "true"), ("list", '["é", 1]')],
)
def test_WHEN_a_value_is_read_THEN_it_is_exact_AND_a_line_end_comes_only_if_asked_for(
    field: str | None, printed: str, stored: str, aws_provider: AwsClientProvider
) -> None:
    assert list(secrets.value(TEMPLATE, aws_provider, field=field)) == [printed.encode()]
    assert list(
        secrets.value(TEMPLATE, aws_provider, field=field, version_id=stored, with_line_end=True)
    ) == [f"{printed}\n".encode()]


@pytest.mark.parametrize("data", [b"\xff\x00\n", "text\n", "two\nlines\n"])
def test_WHEN_a_value_ends_its_line_THEN_no_other_line_end_is_added(
    data: str | bytes, aws_provider: AwsClientProvider
) -> None:
    secrets_interactions.create_secret("raw", SecretValue(data), aws_provider)
    exact = data if isinstance(data, bytes) else data.encode()
    assert list(secrets.value("raw", aws_provider, with_line_end=True)) == [exact]
