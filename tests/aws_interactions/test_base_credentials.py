import os
from pathlib import Path

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import CredentialsProblem, InvalidInput, Unavailable, WrongAccount
from aws_interactions.client_settings import ClientSettings
from aws_interactions.credential_errors import MfaCodeNeeded, NoCredentials, NoRegion, ProfileDoesntExist
from tests.aws_interactions.loopback_servers import CONTAINER_TOKEN, FakeMetadata, FakeSts

ROLE = "arn:aws:iam::111122223333:role/operator"


def write_config(text: str) -> None:
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(text)


def write_credentials(text: str) -> None:
    Path(os.environ["AWS_SHARED_CREDENTIALS_FILE"]).write_text(text)


def set_environment_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def signer_of_next_call(aws_provider: AwsClientProvider, fake_sts: FakeSts) -> str:
    aws_provider.get_sts().get_caller_identity()
    return fake_sts.requests[-1]["signed_by"]


@pytest.fixture
def profile_with_keys() -> str:
    write_config("[profile audit]\nregion = ap-south-1\n")
    write_credentials("[audit]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = secret\n")
    return "audit"


def test_WHEN_calling_AND_keys_are_in_the_environment_THEN_they_sign(
    monkeypatch: pytest.MonkeyPatch, sts_endpoint: str, fake_sts: FakeSts
) -> None:
    set_environment_keys(monkeypatch)
    aws_provider = AwsClientProvider(aws_region="eu-west-1", endpoint_url=sts_endpoint)
    assert signer_of_next_call(aws_provider, fake_sts) == "AKIAENVIRONMENT"


def test_WHEN_calling_AND_default_profile_and_environment_have_keys_THEN_the_environment_signs(
    monkeypatch: pytest.MonkeyPatch, sts_endpoint: str, fake_sts: FakeSts
) -> None:
    write_credentials("[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = secret\n")
    set_environment_keys(monkeypatch)
    aws_provider = AwsClientProvider(aws_region="eu-west-1", endpoint_url=sts_endpoint)
    assert signer_of_next_call(aws_provider, fake_sts) == "AKIAENVIRONMENT"


def test_WHEN_calling_AND_a_profile_is_named_THEN_it_beats_environment_keys(
    monkeypatch: pytest.MonkeyPatch, sts_endpoint: str, fake_sts: FakeSts, profile_with_keys: str
) -> None:
    set_environment_keys(monkeypatch)
    aws_provider = AwsClientProvider(profile_with_keys, endpoint_url=sts_endpoint)
    assert signer_of_next_call(aws_provider, fake_sts) == "AKIAPROFILE"
    assert aws_provider.get_aws_env().aws_profile == "audit"
    assert aws_provider.aws_region == "ap-south-1"


@pytest.mark.parametrize(("is_masked", "profile"), [(True, None), (False, "audit")])
def test_WHEN_AWS_PROFILE_is_set_THEN_it_is_told_unless_environment_keys_mask_it(
    monkeypatch: pytest.MonkeyPatch,
    sts_endpoint: str,
    profile_with_keys: str,
    is_masked: bool,
    profile: str | None,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", profile_with_keys)
    if is_masked:
        set_environment_keys(monkeypatch)
    assert AwsClientProvider(endpoint_url=sts_endpoint).get_aws_env().aws_profile == profile


def test_WHEN_calling_AND_access_keys_are_given_THEN_they_beat_everything(
    monkeypatch: pytest.MonkeyPatch, sts_endpoint: str, fake_sts: FakeSts
) -> None:
    set_environment_keys(monkeypatch)
    aws_provider = AwsClientProvider(
        aws_region="eu-west-1", access_keys=AccessKeys("AKIAGIVEN", "secret"), endpoint_url=sts_endpoint
    )
    assert signer_of_next_call(aws_provider, fake_sts) == "AKIAGIVEN"


def test_WHEN_calling_AND_the_profile_is_unknown_THEN_the_known_ones_are_named(
    profile_with_keys: str,
) -> None:
    with pytest.raises(ProfileDoesntExist) as caught:
        AwsClientProvider("adit", "eu-west-1").get_sts().get_caller_identity()
    assert caught.value.profile_name == "adit"
    assert str(caught.value) == f"profile 'adit' does not exist (configured: {profile_with_keys})"


def test_WHEN_asking_for_the_region_AND_AWS_PROFILE_is_unknown_THEN_profile_doesnt_exist(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "adit")
    with pytest.raises(ProfileDoesntExist, match="configured: none"):
        _ = AwsClientProvider().aws_region


def test_WHEN_asking_for_the_region_AND_AWS_PROFILE_is_default_without_a_file_THEN_no_region(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "default")
    with pytest.raises(NoRegion):
        _ = AwsClientProvider().aws_region


@pytest.mark.parametrize(("name", "kind"), [("default", ProfileDoesntExist), ("", InvalidInput)])
def test_WHEN_calling_AND_the_named_profile_is_absent_or_empty_THEN_it_is_refused(
    name: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        AwsClientProvider(name, "eu-west-1").get_aws_env()


def test_WHEN_calling_AND_there_are_no_credentials_THEN_the_error_says_what_was_tried() -> None:
    with pytest.raises(NoCredentials) as caught:
        AwsClientProvider(aws_region="eu-west-1").get_aws_env()
    for place in ("AWS_ACCESS_KEY_ID", "profile 'default'", "container role", "instance role"):
        assert place in str(caught.value)


def test_WHEN_calling_AND_the_secret_key_is_missing_THEN_credentials_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
    with pytest.raises(CredentialsProblem, match="AWS_SECRET_ACCESS_KEY"):
        AwsClientProvider(aws_region="eu-west-1").get_sts().get_caller_identity()


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("[profile audit\nregion", "Unable to parse config file"),
        ("[profile audit]\ncredential_process = false\n", "custom-process"),
        ("[profile audit]\ncredential_process = no-such-program-here\n", "FileNotFoundError"),
        (
            "[profile audit]\nsso_start_url = https://x\nsso_account_id = 1\n",
            "missing required configuration",
        ),
    ],
)
def test_WHEN_calling_AND_the_profile_is_broken_THEN_credentials_problem_keeps_the_cause(
    config: str, said: str
) -> None:
    write_config(config)
    with pytest.raises(CredentialsProblem, match=said) as caught:
        AwsClientProvider("audit", "eu-west-1").get_sts().get_caller_identity()
    assert caught.value.__cause__ is not None


def test_WHEN_calling_AND_sso_session_has_no_token_THEN_credentials_problem() -> None:
    write_config(
        "[profile audit]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = reader\n"
        "[sso-session corp]\nsso_start_url = https://example.invalid\nsso_region = eu-west-1\n"
    )
    with pytest.raises(CredentialsProblem, match=r"profile audit: .*SSO"):
        AwsClientProvider("audit", "eu-west-1").get_sts().get_caller_identity()


def test_WHEN_a_profile_assumes_a_role_THEN_its_sts_calls_go_to_the_endpoint_too(
    monkeypatch: pytest.MonkeyPatch, sts_endpoint: str, fake_sts: FakeSts, profile_with_keys: str
) -> None:
    write_config(f"[profile ops]\nrole_arn = {ROLE}\nsource_profile = {profile_with_keys}\n")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    aws_provider = AwsClientProvider("ops", endpoint_url=sts_endpoint)
    assert aws_provider.get_aws_env().aws_account == "111122223333"
    assert [asked["signed_by"] for asked in fake_sts.calls_of("AssumeRole")] == ["AKIAPROFILE"]


def test_WHEN_a_profile_wants_an_MFA_code_THEN_it_is_typed_once_for_all_processes(
    tmp_path: Path, sts_endpoint: str, fake_sts: FakeSts, profile_with_keys: str
) -> None:
    device = "arn:aws:iam::123456789012:mfa/me"
    write_config(
        f"[profile ops]\nrole_arn = {ROLE}\nsource_profile = {profile_with_keys}\nmfa_serial = {device}\n"
    )
    prompts: list[str] = []

    def prompt(text: str) -> str:
        prompts.append(text)
        return "123456"

    for prompter in (prompt, None):
        aws_provider = AwsClientProvider(
            "ops",
            "eu-west-1",
            endpoint_url=sts_endpoint,
            mfa_prompter=prompter,
            credential_cache_dir=tmp_path / "kept",
        )
        assert aws_provider.get_aws_env().aws_account == "111122223333"
    assert len(prompts) == 1
    assert device in prompts[0]
    assert len(fake_sts.calls_of("AssumeRole")) == 1


def test_WHEN_a_profile_wants_an_MFA_code_AND_nobody_can_be_asked_THEN_the_device_is_named(
    sts_endpoint: str, profile_with_keys: str
) -> None:
    device = "arn:aws:iam::123456789012:mfa/me"
    write_config(
        f"[profile ops]\nrole_arn = {ROLE}\nsource_profile = {profile_with_keys}\nmfa_serial = {device}\n"
    )
    with pytest.raises(MfaCodeNeeded) as caught:
        AwsClientProvider("ops", "eu-west-1", endpoint_url=sts_endpoint).get_aws_env()
    assert caught.value.mfa_serial == device


@pytest.fixture(params=["environment", "profile"])
def web_identity_profile(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> str | None:
    """Exchange a token for a role's credentials; give the profile that does so, if one does."""
    token = tmp_path / "token"
    token.write_text("a-web-identity-token")
    if request.param == "profile":
        write_config(f"[profile pod]\nrole_arn = {ROLE}\nweb_identity_token_file = {token}\n")
        return "pod"
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
    return None


def test_WHEN_a_token_is_exchanged_for_a_role_THEN_it_acts_there_and_nothing_is_kept_on_disk(
    web_identity_profile: str | None, sts_endpoint: str, fake_sts: FakeSts, tmp_path: Path
) -> None:
    aws_provider = AwsClientProvider(
        web_identity_profile, "eu-west-1", endpoint_url=sts_endpoint, credential_cache_dir=tmp_path / "kept"
    )
    assert aws_provider.get_aws_env().aws_account == "111122223333"
    assert len(fake_sts.calls_of("AssumeRoleWithWebIdentity")) == 1
    assert list(tmp_path.glob("kept/*")) == []


def test_WHEN_a_token_is_exchanged_for_a_role_AND_it_lands_elsewhere_THEN_it_is_refused(
    web_identity_profile: str | None, sts_endpoint: str, fake_sts: FakeSts
) -> None:
    fake_sts.lands_in = "999999999999"
    aws_provider = AwsClientProvider(web_identity_profile, "eu-west-1", endpoint_url=sts_endpoint)
    with pytest.raises(WrongAccount) as caught:
        aws_provider.get_s3().list_buckets()
    assert (caught.value.expected_account, caught.value.actual_account) == ("111122223333", "999999999999")
    assert [asked["Action"] for asked in fake_sts.requests] == [
        "AssumeRoleWithWebIdentity",
        "GetCallerIdentity",
    ]


def test_WHEN_calling_AND_sts_cannot_be_reached_THEN_unavailable() -> None:
    aws_provider = AwsClientProvider(
        aws_region="eu-west-1",
        access_keys=AccessKeys("testing", "testing"),
        endpoint_url="http://127.0.0.1:9",
        assume_role_arn=ROLE,
        client_settings=ClientSettings(max_attempts=1),
    )
    with pytest.raises(Unavailable) as caught:
        aws_provider.get_s3().list_buckets()
    assert caught.value.__cause__ is not None


class TestRegion:
    def test_WHEN_asking_AND_argument_and_both_variables_are_set_THEN_the_argument_wins(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
        assert AwsClientProvider(aws_region="eu-west-1").aws_region == "eu-west-1"

    def test_WHEN_asking_AND_both_variables_are_set_THEN_AWS_REGION_wins(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
        assert AwsClientProvider().aws_region == "us-east-1"

    def test_WHEN_asking_AND_only_AWS_DEFAULT_REGION_is_set_THEN_it_is_used(
        self, monkeypatch: pytest.MonkeyPatch, profile_with_keys: str
    ) -> None:
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
        assert AwsClientProvider(profile_with_keys).aws_region == "us-west-2"

    def test_WHEN_asking_AND_there_is_none_THEN_all_places_are_named(self) -> None:
        with pytest.raises(NoRegion) as caught:
            _ = AwsClientProvider().aws_region
        assert str(caught.value) == (
            "no region: looked in the argument, AWS_REGION, AWS_DEFAULT_REGION, profile 'default'"
        )

    @pytest.mark.parametrize(
        "region", ["", "eu west 1", "eu-west", "EU-WEST-1", "eu-west-1.evil.example", "x"]
    )
    def test_WHEN_making_a_provider_AND_the_region_is_malformed_THEN_invalid_input(self, region: str) -> None:
        with pytest.raises(InvalidInput, match="region"):
            AwsClientProvider(aws_region=region)

    @pytest.mark.parametrize(
        "region", ["us-gov-west-1", "eusc-de-east-1", "us-isob-east-1", "xx-new-9", "cn-north-1"]
    )
    def test_WHEN_making_a_provider_AND_the_region_is_well_formed_THEN_it_is_kept(self, region: str) -> None:
        assert AwsClientProvider(aws_region=region).aws_region == region

    def test_WHEN_asking_AND_the_variable_is_malformed_THEN_it_is_named(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_REGION", "nowhere")
        with pytest.raises(InvalidInput, match="AWS_REGION"):
            _ = AwsClientProvider().aws_region


class TestCompute:
    @pytest.fixture(autouse=True)
    def on_an_instance(self, monkeypatch: pytest.MonkeyPatch, metadata_endpoint: str) -> None:
        monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata_endpoint)

    def test_WHEN_calling_on_an_instance_THEN_its_role_signs_and_its_region_is_used(
        self, sts_endpoint: str, fake_sts: FakeSts
    ) -> None:
        aws_provider = AwsClientProvider(aws_compute=True, endpoint_url=sts_endpoint)
        assert signer_of_next_call(aws_provider, fake_sts) == "ASIAINSTANCE"
        assert aws_provider.get_aws_env().aws_region == "eu-west-1"
        assert aws_provider.get_aws_env().credentials_expire_at is not None

    def test_WHEN_calling_on_an_instance_AND_a_region_is_given_THEN_it_is_used(
        self, monkeypatch: pytest.MonkeyPatch, fake_metadata: FakeMetadata
    ) -> None:
        assert AwsClientProvider(aws_compute=True, aws_region="us-east-1").aws_region == "us-east-1"
        monkeypatch.setenv("AWS_REGION", "us-west-2")
        assert AwsClientProvider(aws_compute=True).aws_region == "us-west-2"
        assert fake_metadata.requests == []

    def test_WHEN_calling_on_an_instance_AND_keys_lie_in_environment_and_profile_THEN_they_are_ignored(
        self, monkeypatch: pytest.MonkeyPatch, sts_endpoint: str, fake_sts: FakeSts
    ) -> None:
        set_environment_keys(monkeypatch)
        write_credentials("[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = secret\n")
        aws_provider = AwsClientProvider(aws_compute=True, endpoint_url=sts_endpoint)
        assert signer_of_next_call(aws_provider, fake_sts) == "ASIAINSTANCE"

    def test_WHEN_calling_in_a_container_THEN_its_role_signs(
        self, monkeypatch: pytest.MonkeyPatch, metadata_endpoint: str, sts_endpoint: str, fake_sts: FakeSts
    ) -> None:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{metadata_endpoint}/container-role")
        monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", CONTAINER_TOKEN)
        aws_provider = AwsClientProvider(aws_compute=True, aws_region="eu-west-1", endpoint_url=sts_endpoint)
        assert signer_of_next_call(aws_provider, fake_sts) == "ASIACONTAINER"

    def test_WHEN_calling_in_a_pod_THEN_the_token_file_is_read(
        self,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        metadata_endpoint: str,
        sts_endpoint: str,
        fake_sts: FakeSts,
    ) -> None:
        token_file = tmp_path / "pod-identity-token"
        token_file.write_text(CONTAINER_TOKEN)
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{metadata_endpoint}/container-role")
        monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(token_file))
        aws_provider = AwsClientProvider(aws_compute=True, aws_region="eu-west-1", endpoint_url=sts_endpoint)
        assert signer_of_next_call(aws_provider, fake_sts) == "ASIACONTAINER"

    def test_WHEN_calling_in_a_pod_AND_the_token_file_is_missing_THEN_credentials_problem(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, metadata_endpoint: str
    ) -> None:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{metadata_endpoint}/container-role")
        monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(tmp_path / "absent"))
        with pytest.raises(CredentialsProblem, match="compute role"):
            AwsClientProvider(aws_compute=True, aws_region="eu-west-1").get_aws_env()

    def test_WHEN_calling_in_a_function_THEN_its_environment_keys_sign(
        self, monkeypatch: pytest.MonkeyPatch, sts_endpoint: str, fake_sts: FakeSts
    ) -> None:
        set_environment_keys(monkeypatch)
        monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "nightly")
        aws_provider = AwsClientProvider(aws_compute=True, aws_region="eu-west-1", endpoint_url=sts_endpoint)
        assert signer_of_next_call(aws_provider, fake_sts) == "AKIAENVIRONMENT"

    def test_WHEN_a_role_is_assumed_on_an_instance_THEN_the_instance_role_assumes_it(
        self, sts_endpoint: str, fake_sts: FakeSts
    ) -> None:
        aws_provider = AwsClientProvider(aws_compute=True, endpoint_url=sts_endpoint, assume_role_arn=ROLE)
        assert aws_provider.get_aws_env().aws_account == "111122223333"
        assert fake_sts.calls_of("AssumeRole")[0]["signed_by"] == "ASIAINSTANCE"

    def test_WHEN_calling_AND_it_is_no_instance_THEN_no_credentials_and_no_region(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        set_environment_keys(monkeypatch)
        with pytest.raises(NoCredentials, match="instance role"):
            AwsClientProvider(aws_compute=True, aws_region="eu-west-1").get_aws_env()
        with pytest.raises(NoRegion, match="the instance's metadata"):
            _ = AwsClientProvider(aws_compute=True).aws_region

    def test_WHEN_making_a_provider_AND_a_profile_is_named_too_THEN_invalid_input(self) -> None:
        with pytest.raises(InvalidInput):
            AwsClientProvider("audit", aws_compute=True)
