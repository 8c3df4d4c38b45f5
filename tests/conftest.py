import logging
import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from moto.server import ThreadedMotoServer

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider

# Shells start background jobs with SIGINT ignored, and a program inherits that: then no test could
# interrupt one. A handler here gives the programs that tests start the default again.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says nothing on a machine that others use too.
settings.register_profile("shared machine", parent=settings(), deadline=None)
settings.load_profile("shared machine")

pytest_plugins = ["tests.support.sandbox_fixtures"]

FOREIGN_PREFIXES = ("AWS_", "XDG_", "BOTO_", "MANAGE_RESOURCES_", "MOTO_", "LOG_LEVEL")
# Those whose level the program chooses: a command that runs in the tests' own process chooses it for all.
LOGGERS = ("aws_interactions", "aws_operations", "commands", "boto3", "botocore", "s3transfer", "urllib3")
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def isolate_from_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's home, credentials, proxies and settings out of each test."""
    for name in list(os.environ):
        if name.startswith(FOREIGN_PREFIXES) or name.lower() in PROXY_VARIABLES:
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(home / "aws-credentials"))
    # moto reads this for each request; without it, every account may enter every bucket.
    monkeypatch.setenv("MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS", "false")


@pytest.fixture(autouse=True)
def keep_logging() -> Iterator[None]:
    """Leave logging to the next test as it was before this one."""
    loggers = [logging.getLogger(name) for name in (*LOGGERS, "botocore.credentials", "botocore.tokens")]
    levels = [logger.level for logger in loggers]
    handlers = list(logging.getLogger().handlers)
    yield
    logging.getLogger().handlers[:] = handlers
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    """Run one moto server for all tests; its state is not reset, ``moto_endpoint`` does that."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def moto_endpoint(moto_server: str) -> str:
    """Give the endpoint of an AWS with nothing in it."""
    request = urllib.request.Request(f"{moto_server}/moto-api/reset", method="POST")  # noqa: S310 - loopback
    with urllib.request.urlopen(request) as response:  # noqa: S310 - loopback
        assert response.status == 200
    return moto_server


@pytest.fixture
def aws_provider(moto_endpoint: str) -> AwsClientProvider:
    """Give a provider that acts in account 123456789012 and region eu-west-1 of the empty AWS."""
    return AwsClientProvider(
        aws_region="eu-west-1",
        access_keys=AccessKeys("testing", "testing"),
        endpoint_url=moto_endpoint,
    )
