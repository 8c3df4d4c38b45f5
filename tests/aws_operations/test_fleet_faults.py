"""What can go wrong in some of many accounts: exactly one outcome for each, and each told for what it is."""

from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import WrongAccount
from aws_interactions.client_settings import ClientSettings
from aws_operations.fleet import Outcome, OutcomeStatus, run_fleet
from aws_operations.target_selection import AccountNotActive
from aws_operations.targets import RoleSettings, Target, TargetProviders
from tests.aws_interactions.loopback_servers import serving
from tests.commands.census_noun import counted
from tests.support.organisation_sts import OrganisationSts

ACCOUNTS = [f"{200_000_000_000 + number}" for number in range(500)]
TARGETS = [Target("eu-west-1", account) for account in ACCOUNTS]
DENIED, SUSPENDED, WITH_BUG = ACCOUNTS[10:30], ACCOUNTS[100:105], ACCOUNTS[-3:]
HUB = "123456789012"


@pytest.fixture
def sts() -> OrganisationSts:
    return OrganisationSts(denied=frozenset(DENIED))


@pytest.fixture
def base(sts: OrganisationSts) -> Iterator[AwsClientProvider]:
    with serving(sts) as endpoint_url:
        yield AwsClientProvider(
            aws_region="eu-west-1",
            access_keys=AccessKeys("AKIAHUB", "secret"),
            endpoint_url=endpoint_url,
            client_settings=ClientSettings(max_attempts=2),
        )


def outcomes_of(
    base: AwsClientProvider, targets: list[Target], *, bug_in: frozenset[str] = frozenset()
) -> dict[str, Outcome]:
    obstacles = {
        target: AccountNotActive("SUSPENDED") for target in targets if target.aws_account in SUSPENDED
    }
    providers = TargetProviders(base, RoleSettings("operator"), obstacles=obstacles)
    outcomes = list(run_fleet(partial(counted, bug_in), targets, providers.provider_for))
    assert len(outcomes) == len(targets)
    return {outcome.target.aws_account or "": outcome for outcome in outcomes}


def test_WHEN_some_of_500_targets_fail_THEN_each_has_one_outcome_that_says_what_happened(
    base: AwsClientProvider,
) -> None:
    outcomes = outcomes_of(base, TARGETS, bug_in=frozenset(WITH_BUG))

    assert Counter(outcome.status for outcome in outcomes.values()) == {
        OutcomeStatus.ROWS: 472,
        OutcomeStatus.DENIED: 20,
        OutcomeStatus.SKIPPED: 5,
        OutcomeStatus.ERROR: 3,
    }
    assert {account for account in ACCOUNTS if outcomes[account].status is OutcomeStatus.DENIED} == set(
        DENIED
    )
    assert all(isinstance(outcomes[account].error, ZeroDivisionError) for account in WITH_BUG)
    assert all(isinstance(outcomes[account].error, AccountNotActive) for account in SUSPENDED)


def test_WHEN_a_session_is_in_the_hub_account_THEN_that_target_is_refused_AND_the_others_go_on(
    base: AwsClientProvider, sts: OrganisationSts
) -> None:
    sts.landing = {ACCOUNTS[3]: HUB}

    outcomes = outcomes_of(base, TARGETS[:10])

    error = outcomes[ACCOUNTS[3]].error
    assert isinstance(error, WrongAccount)
    assert (error.expected_account, error.actual_account) == (ACCOUNTS[3], HUB)
    assert Counter(outcome.status for outcome in outcomes.values()) == {
        OutcomeStatus.ROWS: 9,
        OutcomeStatus.ERROR: 1,
    }
