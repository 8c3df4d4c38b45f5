from collections.abc import Iterator
from pathlib import Path

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from tests.conformance.stage import ANYTHING, HOME_ACCOUNT, OTHER_ACCOUNT, REGION, Account
from tests.support.emulators import Emulator, running_dynalite, running_ministack
from tests.support.sandbox_fixtures import clean_environment


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Run one ministack with real IAM for all tests."""
    with running_ministack(tmp_path_factory.mktemp("ministack")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def dynalite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Run one dynalite for all tests."""
    with running_dynalite(tmp_path_factory.mktemp("dynalite")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def home_account(ministack: Emulator) -> Account:
    """Give the account that commands act in."""
    return Account(HOME_ACCOUNT, ministack.endpoint_url)


@pytest.fixture(scope="session")
def other_account(ministack: Emulator) -> Account:
    """Give a second account."""
    return Account(OTHER_ACCOUNT, ministack.endpoint_url)


@pytest.fixture(scope="session")
def operator(home_account: Account) -> tuple[str, AccessKeys]:
    """Give ARN and keys of a user of the home account who may do anything."""
    return home_account.make_user(ANYTHING)


@pytest.fixture
def ministack_environment(tmp_path: Path, ministack: Emulator) -> dict[str, str]:
    """Give an environment in which every call goes to ministack, as nobody yet."""
    home = tmp_path / "program-home"
    home.mkdir()
    return {**clean_environment(home), "AWS_ENDPOINT_URL": ministack.endpoint_url}


@pytest.fixture
def dynalite_environment(ministack_environment: dict[str, str], dynalite: Emulator) -> dict[str, str]:
    """Give an environment in which tables are dynalite's, and all the rest, STS included, is ministack's."""
    return {**ministack_environment, "AWS_ENDPOINT_URL_DYNAMODB": dynalite.endpoint_url}


@pytest.fixture(scope="session")
def dynalite_provider(dynalite: Emulator) -> AwsClientProvider:
    """Give a provider for dynalite's tables, and for nothing else; dynalite takes any keys."""
    return AwsClientProvider(
        aws_region=REGION, access_keys=AccessKeys("any", "any"), endpoint_url=dynalite.endpoint_url
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show the end of an emulator's log beside a test that failed with it."""
    report = yield
    if report.failed and isinstance(item, pytest.Function):
        for name in ("ministack", "dynalite"):
            emulator = item.funcargs.get(name)
            if isinstance(emulator, Emulator):
                log = emulator.log.read_text(errors="replace")
                report.sections.append((f"log of {name}", log[-3000:]))
    return report
