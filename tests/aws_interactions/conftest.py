from collections.abc import Iterator

import pytest

from tests.aws_interactions.loopback_servers import FakeMetadata, FakeSts, serving


@pytest.fixture
def fake_sts() -> FakeSts:
    """Give an STS that records what it is asked."""
    return FakeSts()


@pytest.fixture
def sts_endpoint(fake_sts: FakeSts) -> Iterator[str]:
    """Serve ``fake_sts`` and give its URL."""
    with serving(fake_sts) as url:
        yield url


@pytest.fixture
def fake_metadata() -> FakeMetadata:
    """Give a metadata service that records what it is asked."""
    return FakeMetadata()


@pytest.fixture
def metadata_endpoint(fake_metadata: FakeMetadata) -> Iterator[str]:
    """Serve ``fake_metadata`` and give its URL."""
    with serving(fake_metadata) as url:
        yield url
