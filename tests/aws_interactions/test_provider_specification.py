from dataclasses import fields
from pathlib import Path

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.call_budget import CallBudget
from aws_interactions.call_recorder import CallRecorder
from aws_interactions.client_settings import ClientSettings
from aws_interactions.provider_specification import TRAVELLING_SETTINGS, CantTravel, ProviderSpecification
from aws_interactions.role_hops import RoleHop

ROLE = "arn:aws:iam::111122223333:role/operator"
OTHER_ROLE = "arn:aws:iam::444455556666:role/operator"

# Folders and call budgets are of one machine; of a budget its figures travel.
STAY_HERE = {"model_cache_dir", "call_budget", "recorder", "on_endpoint_override"}


def a_provider() -> AwsClientProvider:
    return AwsClientProvider(
        "ops",
        "us-east-1",
        assume_role_arn=[ROLE, OTHER_ROLE],
        external_id="partner-7",
        role_session_name="audit",
        duration_seconds=900,
        source_identity="jane",
        session_tags={"team": "ops", "cost": "7"},
        session_policy='{"Version": "2012-10-17"}',
        endpoint_url="http://127.0.0.1:4566",
        credential_cache_dir=Path("/tmp/credentials"),
        client_settings=ClientSettings(max_attempts=3, read_timeout=7, model_cache_dir=Path("/tmp/models")),
    )


def test_WHEN_a_provider_is_specified_AND_made_again_from_the_text_THEN_it_is_specified_alike() -> None:
    specification = a_provider().for_region("eu-west-1").read_only().specification()

    told = ProviderSpecification.from_json(specification.to_json())
    root = AwsClientProvider(
        told.aws_profile,
        "us-west-2",
        endpoint_url=told.endpoint_url,
        client_settings=told.client_settings,
    )

    assert told == specification
    assert told.derive(root).specification() == specification


def test_WHEN_a_provider_is_specified_THEN_region_roles_and_settings_are_in_it_and_no_folder_is() -> None:
    specification = a_provider().specification()

    assert specification.aws_region == "us-east-1"
    assert specification.roles == (
        RoleHop(ROLE),
        RoleHop(
            OTHER_ROLE,
            "audit",
            "partner-7",
            900,
            "jane",
            (("cost", "7"), ("team", "ops")),
            '{"Version": "2012-10-17"}',
        ),
    )
    assert specification.client_settings == ClientSettings(max_attempts=3, read_timeout=7)
    assert "/tmp" not in specification.to_json()


def test_WHEN_the_region_is_in_the_environment_THEN_the_specification_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    assert AwsClientProvider().specification().aws_region == "eu-west-1"


def test_WHEN_providers_differ_in_region_role_and_access_only_THEN_their_specifications_have_one_base() -> (
    None
):
    provider = AwsClientProvider("ops", "us-east-1")

    derived = provider.for_region("eu-west-1").for_role(ROLE).read_only()

    assert derived.specification().base == provider.specification().base
    assert derived.specification() != provider.specification()


def test_WHEN_a_provider_with_access_keys_is_specified_THEN_it_is_refused_without_showing_them() -> None:
    provider = AwsClientProvider(
        aws_region="us-east-1", access_keys=AccessKeys("AKIDEXAMPLE", "very-secret", "token")
    )

    with pytest.raises(CantTravel, match="stay on this machine") as refused:
        provider.specification()

    assert "very-secret" not in str(refused.value)


def test_WHEN_the_sandbox_is_specified_THEN_neither_keys_nor_endpoint_are_in_it() -> None:
    provider = AwsClientProvider(
        aws_region="us-east-1",
        access_keys=AccessKeys("sandbox-home", "very-secret"),
        endpoint_url="http://127.0.0.1:4566",
    ).for_role(ROLE)

    specification = provider.specification(is_sandbox=True)

    assert specification.is_sandbox
    assert specification.roles == (RoleHop(ROLE),)
    assert "very-secret" not in specification.to_json()
    assert "4566" not in specification.to_json()


@pytest.mark.parametrize("is_sandbox", [False, True])
def test_WHEN_a_role_with_mfa_is_specified_THEN_it_is_refused(is_sandbox: bool) -> None:
    provider = AwsClientProvider(
        aws_region="us-east-1", assume_role_arn=ROLE, mfa_serial="arn:aws:iam::123456789012:mfa/jane"
    )

    with pytest.raises(CantTravel, match="MFA"):
        provider.specification(is_sandbox=is_sandbox)


def test_WHEN_calls_are_recorded_THEN_they_stay_here(tmp_path: Path) -> None:
    settings = ClientSettings(recorder=CallRecorder(tmp_path / "run.jsonl"))

    with pytest.raises(CantTravel, match="missing from the recording"):
        AwsClientProvider(aws_region="us-east-1", client_settings=settings).specification()


def test_WHEN_requests_are_paced_THEN_each_process_gets_its_part_of_rate_and_share() -> None:
    budget = CallBudget(rate_per_second=10, share=0.2, patience=0.0)
    provider = AwsClientProvider(aws_region="us-east-1", client_settings=ClientSettings(call_budget=budget))

    told = ProviderSpecification.from_json(provider.specification().divided_among(4).to_json())

    made = told.settings_there().call_budget
    assert made is not None
    assert made is not budget
    assert (made.rate_per_second, made.share, made.patience) == (2.5, 0.05, 0.0)


def test_WHEN_requests_are_not_paced_THEN_they_are_not_so_elsewhere() -> None:
    specification = AwsClientProvider(aws_region="us-east-1").specification().divided_among(4)

    assert specification.settings_there() == ClientSettings()


def test_WHEN_client_settings_are_added_THEN_somebody_has_to_say_whether_they_travel() -> None:
    assert {field.name for field in fields(ClientSettings)} <= {*TRAVELLING_SETTINGS, *STAY_HERE}
