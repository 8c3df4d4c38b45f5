import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from core.aws_client_provider import AwsClientProvider


@pytest.fixture(autouse=True)
def isolate_from_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's credentials and settings out of each test."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))


@pytest.fixture
def moto_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand an empty AWS in for the real one; its home account is 123456789012."""
    # Without it, moto lets every account into every bucket.
    monkeypatch.setenv("MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS", "false")
    with mock_aws():
        yield


@pytest.fixture
def aws_provider(moto_aws: None) -> AwsClientProvider:  # noqa: ARG001 - has to come first
    """Give a provider that acts in the home account."""
    return AwsClientProvider(aws_region="eu-west-1")
