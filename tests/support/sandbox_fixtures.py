"""Fixtures round one real sandbox that all tests of the program share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from aws_operations.sandbox import control
from tests.support.loopback_proxy import LoopbackProxy, loopback_proxy

# What is started with these is measured for coverage, which takes as long again as running it.
COVERAGE_VARIABLES = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}


@pytest.fixture(scope="session", autouse=True)
def measure_what_is_asked_for() -> None:
    """Keep what tests start from being measured, but for each command's example and the cluster's workers."""
    for name in COVERAGE_VARIABLES:
        os.environ.pop(name, None)


def clean_environment(home: Path) -> dict[str, str]:
    """Return an environment with nothing of the machine's AWS settings in it."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "LC_ALL", "TMPDIR"}}
    return {
        **kept,
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture(scope="session")
def sandbox_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run one real sandbox for all tests that use the program; the value is its HOME."""
    home = tmp_path_factory.mktemp("home")
    state_dir = home / "state" / "manage-resources" / "sandbox"
    control.up(state_dir)
    yield home
    control.down(state_dir)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Give an environment of its own, without a sandbox, credentials or region."""
    home = tmp_path / "program-home"
    home.mkdir()
    return clean_environment(home)


@pytest.fixture
def sandbox_environment(sandbox_home: Path) -> dict[str, str]:
    """Give an environment in which ``--sandbox`` finds the running sandbox."""
    return clean_environment(sandbox_home)


@pytest.fixture
def sandbox_endpoint(sandbox_home: Path) -> str:
    """Give the endpoint of the running sandbox."""
    endpoint_url, _ = control.sandbox_provider_settings(
        sandbox_home / "state" / "manage-resources" / "sandbox"
    )
    return endpoint_url


@pytest.fixture
def proxy(sandbox_endpoint: str) -> Iterator[LoopbackProxy]:
    """Give a proxy in front of the sandbox that records, and disturbs when asked to."""
    with loopback_proxy(sandbox_endpoint) as running:
        yield running


@pytest.fixture
def proxied_environment(environment: dict[str, str], proxy: LoopbackProxy) -> dict[str, str]:
    """Give an environment in which every call goes through the proxy, as the sandbox's home account."""
    return {
        **environment,
        "AWS_ACCESS_KEY_ID": "sandbox-home",
        "AWS_SECRET_ACCESS_KEY": "sandbox-home-secret",
        "AWS_REGION": "us-east-1",
        "MANAGE_RESOURCES_ENDPOINT_URL": proxy.endpoint_url,
    }
