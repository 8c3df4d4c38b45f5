"""What is wrong with credentials and settings is never told as AWS's answer about something else."""

import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError, InvalidRegionError

from aws_operations.scaffold.service_design import design_service
from aws_operations.scaffold.wrapper_source import wrapper_source
from tests.contract.kits import Kit, project_kit, reference_kit
from tests.support.aws_answers import sts_error
from tests.support.loopback_proxy import (
    Answer,
    LoopbackProxy,
    SeenRequest,
    loopback_proxy,
    no_disturbance,
)

OPERATOR = "arn:aws:iam::111122223333:role/operator"
REFERENCE = reference_kit()


@dataclass(frozen=True, slots=True)
class Way:
    """A way into AWS through a kit."""

    kit: Kit
    name: str

    def __str__(self) -> str:
        return f"{self.kit}-{self.name}"

    def ask(self, provider: Any) -> object:
        """Ask AWS about a bucket in this way."""
        if self.name == "status":
            return self.kit.s3.get_bucket_status("reports", provider)
        return list(self.kit.s3.list_bucket_objects("reports", provider))


KITS = [project_kit(), REFERENCE]
WAYS = [Way(kit, name) for kit in KITS for name in ("status", "list")]


@pytest.fixture
def refusing_sts(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give an AWS in which everybody may do everything but assume roles; its keys are in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with loopback_proxy(moto_endpoint) as proxy:
        proxy.disturb = refuse_roles
        yield proxy


def refuse_roles(request: SeenRequest) -> Answer | None:
    return sts_error(403, "AccessDenied") if request.operation == "AssumeRole" else None


def refuse_keys(request: SeenRequest) -> Answer | None:
    if request.operation == "GetCallerIdentity":
        return sts_error(403, "InvalidClientTokenId")
    return Answer(403) if request.method == "HEAD" else None


def configure(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(textwrap.dedent(text), encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


def expect_refused_role(kit: Kit, sts: LoopbackProxy, call: Callable[[], object]) -> None:
    with pytest.raises(kit.errors.AccessDenied) as caught:
        call()

    assert not hasattr(caught.value, "bucket_name")
    assert isinstance(caught.value.__cause__, ClientError)
    assert caught.value.__cause__.operation_name == "AssumeRole"
    assert [request.operation for request in sts.requests] == ["AssumeRole"]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_WHEN_the_role_may_not_be_assumed_THEN_it_is_the_role_that_is_closed_and_not_the_bucket(
    way: Way, refusing_sts: LoopbackProxy
) -> None:
    provider = way.kit.provider_class(
        aws_region="eu-west-1", assume_role_arn=OPERATOR, endpoint_url=refusing_sts.endpoint_url
    )

    expect_refused_role(way.kit, refusing_sts, lambda: way.ask(provider))


PROFILE_OF_ROLE = f"""
    [profile audit]
    role_arn = {OPERATOR}
    credential_source = Environment
    """


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_WHEN_the_profile_assumes_the_role_AND_may_not_THEN_it_is_the_role_that_is_closed(
    way: Way, refusing_sts: LoopbackProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(PROFILE_OF_ROLE, tmp_path, monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL", refusing_sts.endpoint_url)
    provider = way.kit.provider_class("audit", "eu-west-1")

    expect_refused_role(way.kit, refusing_sts, lambda: way.ask(provider))


@pytest.mark.parametrize("kit", KITS, ids=str)
def test_WHEN_an_endpoint_is_given_AND_the_profile_assumes_the_role_THEN_it_is_assumed_there(
    kit: Kit, refusing_sts: LoopbackProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(PROFILE_OF_ROLE, tmp_path, monkeypatch)
    refusing_sts.disturb = no_disturbance
    provider = kit.provider_class("audit", "eu-west-1", endpoint_url=refusing_sts.endpoint_url)

    assert provider.get_aws_env().aws_account == "111122223333"


@pytest.mark.parametrize("kit", KITS, ids=str)
def test_WHEN_the_keys_are_nobodys_THEN_it_is_not_the_bucket_that_is_closed(
    kit: Kit, refusing_sts: LoopbackProxy
) -> None:
    refusing_sts.disturb = refuse_keys
    provider = kit.provider_class(aws_region="eu-west-1", endpoint_url=refusing_sts.endpoint_url)

    with pytest.raises(kit.errors.CredentialsProblem):
        kit.s3.get_bucket_status("reports", provider)


def test_WHEN_a_generated_wrapper_is_asked_AND_the_role_may_not_be_assumed_THEN_it_is_the_role_too(
    refusing_sts: LoopbackProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Provider(REFERENCE.provider_class):  # type: ignore[misc,name-defined] # found at run time
        def get_kinesis(self) -> Any:
            return self._client("kinesis")

    source = wrapper_source(design_service("kinesis", ["DescribeLimits"]))
    wrapper = ModuleType("kinesis_wrapper_of_contract")
    # Dataclasses look their module up by name.
    monkeypatch.setitem(sys.modules, wrapper.__name__, wrapper)
    exec(compile(source, "kinesis_wrapper", "exec"), vars(wrapper))  # noqa: S102 - what is tested
    provider = Provider(
        aws_region="eu-west-1", assume_role_arn=OPERATOR, endpoint_url=refusing_sts.endpoint_url
    )

    expect_refused_role(REFERENCE, refusing_sts, lambda: wrapper.describe_limits(provider))


def test_WHEN_the_reference_knows_a_code_or_a_fault_THEN_the_project_takes_it_for_the_same() -> None:
    project, reference = project_kit().errors, REFERENCE.errors
    answers = {code: ClientError({"Error": {"Code": code}}, "Ask") for code in reference._KIND_BY_CODE}

    assert {code: project.kind_of(answer).__name__ for code, answer in answers.items()} == {
        code: kind.__name__ for code, kind in reference._KIND_BY_CODE.items()
    }
    # The project looks at the form of a region itself, wherever it comes from.
    assert {*reference._CONFIGURATION_ERRORS} == {*project._CREDENTIAL_ERRORS, InvalidRegionError}


UNUSABLE_PROFILES = {
    "sign-on without a token": """
        [profile audit]
        region = eu-west-1
        sso_session = sso
        sso_account_id = 111122223333
        sso_role_name = operator
        [sso-session sso]
        sso_start_url = https://example.invalid/start
        sso_region = eu-west-1
        """,
    "source that is not there": f"""
        [profile audit]
        region = eu-west-1
        role_arn = {OPERATOR}
        source_profile = gone
        """,
    "program that is not there": """
        [profile audit]
        region = eu-west-1
        credential_process = /no/such/program
        """,
    "half of a key": """
        [profile audit]
        region = eu-west-1
        aws_access_key_id = AKIAAUDIT
        """,
    "no form": "profile audit",
}


@pytest.mark.parametrize("kit", KITS, ids=str)
@pytest.mark.parametrize("profile", UNUSABLE_PROFILES)
def test_WHEN_a_profile_cannot_be_used_THEN_it_is_a_problem_of_configuration(
    kit: Kit, profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(UNUSABLE_PROFILES[profile], tmp_path, monkeypatch)

    with pytest.raises(kit.errors.CredentialsProblem):
        kit.s3.get_bucket_status("reports", kit.provider_class("audit"))


@pytest.mark.parametrize("kit", KITS, ids=str)
def test_WHEN_a_variable_names_no_endpoint_THEN_it_is_a_problem_of_configuration(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")

    with pytest.raises(kit.errors.CredentialsProblem):
        kit.s3.get_bucket_status("reports", kit.provider_class(aws_region="eu-west-1"))


@pytest.mark.parametrize("kit", KITS, ids=str)
@pytest.mark.parametrize(
    "malformed",
    [
        {"assume_role_arn": "operator"},
        {"assume_role_arn": OPERATOR, "external_id": ""},
        {"endpoint_url": "nonsense"},
        {"endpoint_url": "ftp://localhost"},
        {"endpoint_url": "http://me:secret@localhost"},
    ],
    ids=str,
)
def test_WHEN_an_argument_is_malformed_THEN_the_provider_is_not_made(
    kit: Kit, malformed: dict[str, Any]
) -> None:
    with pytest.raises(kit.errors.InvalidInput) as caught:
        kit.provider_class(aws_region="eu-west-1", **malformed)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("kit", KITS, ids=str)
@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_WHEN_the_environment_changes_between_two_getters_THEN_both_act_in_one_region(
    kit: Kit, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "eu-west-1")
    provider = kit.provider_class()
    regions = [provider.get_s3().meta.region_name]
    monkeypatch.setenv(variable, "us-east-1")

    regions += [provider.get_sts().meta.region_name, provider.aws_region]

    assert regions == ["eu-west-1"] * 3
