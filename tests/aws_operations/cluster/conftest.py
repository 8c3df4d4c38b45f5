"""A cluster of two workers for the tests of a module, and providers whose keys both sides have."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.cluster import Cluster
from aws_operations.targets import RoleSettings, TargetProviders
from tests.support.dask_cluster import KEYS, DaskCluster, dask_cluster
from tests.support.loopback_proxy import LoopbackProxy
from tests.support.sandbox_fixtures import clean_environment


@pytest.fixture(scope="module")
def dask(sandbox_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    directory = tmp_path_factory.mktemp("dask")
    # Another zone than that of this machine, so that no row may depend on it.
    environment = {**clean_environment(sandbox_home), **KEYS, "TZ": "Asia/Kolkata"}
    with dask_cluster(directory, environment, workers=2) as running:
        yield running


@pytest.fixture
def cluster(dask: DaskCluster) -> Iterator[Cluster]:
    with Cluster(dask.address) as connected:
        yield connected


@pytest.fixture
def providers(proxy: LoopbackProxy, monkeypatch: pytest.MonkeyPatch) -> TargetProviders:
    """Derive providers from the standard chain, whose keys this machine and the workers have each."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    base = AwsClientProvider(aws_region="us-east-1", endpoint_url=proxy.endpoint_url)
    return TargetProviders(base, RoleSettings("operator"))
