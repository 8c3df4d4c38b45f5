import json
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied, CredentialsProblem, InvalidInput, WrongAccount
from aws_interactions.credential_errors import ExpiredCredentials, MfaCodeNeeded, SessionPolicyTooLarge
from tests.aws_interactions.loopback_servers import FakeSts

ROLE = "arn:aws:iam::111122223333:role/operator"
NEXT_ROLE = "arn:aws:iam::444455556666:role/operator"
DEVICE = "arn:aws:iam::123456789012:mfa/me"
KEYS = AccessKeys("AKIABASE", "SENTINEL-BASE-SECRET")

MakeProvider = Callable[..., AwsClientProvider]


@pytest.fixture
def make_provider(sts_endpoint: str) -> MakeProvider:
    def make(assume_role_arn: str | list[str] = ROLE, **settings: object) -> AwsClientProvider:
        arguments = {
            "aws_region": "eu-west-1",
            "access_keys": KEYS,
            "endpoint_url": sts_endpoint,
            "assume_role_arn": assume_role_arn,
        }
        return AwsClientProvider(**(arguments | settings))  # type: ignore[arg-type] # as the test gives them

    return make


class TestAssuming:
    def test_WHEN_assuming_THEN_the_last_role_gets_all_settings_and_the_first_the_device(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        policy = '{"Version": "2012-10-17", "Statement": []}'
        aws_provider = make_provider(
            [ROLE, NEXT_ROLE],
            external_id="partner-7",
            role_session_name="alice",
            duration_seconds=1800,
            source_identity="alice@corp",
            session_tags={"team": "ops", "cost centre": "7"},
            session_policy=policy,
            mfa_serial=DEVICE,
            mfa_prompter=lambda _text: "123456",
        )
        assert aws_provider.get_aws_env().aws_account == "444455556666"
        first, last = fake_sts.calls_of("AssumeRole")
        settings = {name: value for name, value in first.items() if name not in ("Action", "Version")}
        assert settings == {
            "RoleArn": ROLE,
            "RoleSessionName": "manage-resources",
            "SerialNumber": DEVICE,
            "TokenCode": "123456",
            "signed_by": "AKIABASE",
        }
        settings = {name: value for name, value in last.items() if name not in ("Action", "Version")}
        assert settings == {
            "RoleArn": NEXT_ROLE,
            "RoleSessionName": "alice",
            "ExternalId": "partner-7",
            "DurationSeconds": "1800",
            "SourceIdentity": "alice@corp",
            "Tags.member.1.Key": "cost centre",
            "Tags.member.1.Value": "7",
            "Tags.member.2.Key": "team",
            "Tags.member.2.Value": "ops",
            "Policy": policy,
            "signed_by": "ASIA000000000000",
        }

    def test_WHEN_assuming_THEN_the_account_is_checked_before_any_other_call(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        make_provider().get_sts().get_caller_identity()
        assert [(asked["Action"], asked["signed_by"]) for asked in fake_sts.requests] == [
            ("AssumeRole", "AKIABASE"),
            ("GetCallerIdentity", "ASIA000000000000"),
            ("GetCallerIdentity", "ASIA000000000000"),
        ]

    def test_WHEN_assuming_AND_the_session_is_in_another_account_THEN_it_is_refused_and_not_kept(
        self, make_provider: MakeProvider, fake_sts: FakeSts, tmp_path: Path
    ) -> None:
        fake_sts.lands_in = "999999999999"
        aws_provider = make_provider(credential_cache_dir=tmp_path / "kept")
        with pytest.raises(WrongAccount) as caught:
            aws_provider.get_s3().list_buckets()
        assert (caught.value.expected_account, caught.value.actual_account) == (
            "111122223333",
            "999999999999",
        )
        assert caught.value.resource == ROLE
        assert list(tmp_path.glob("kept/*")) == []
        assert [asked["Action"] for asked in fake_sts.requests] == ["AssumeRole", "GetCallerIdentity"]

    def test_WHEN_assuming_AND_a_middle_role_lands_elsewhere_THEN_the_next_one_is_not_assumed(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        fake_sts.lands_in = "999999999999"
        with pytest.raises(WrongAccount):
            make_provider([ROLE, NEXT_ROLE]).get_aws_env()
        assert [asked["RoleArn"] for asked in fake_sts.calls_of("AssumeRole")] == [ROLE]

    def test_WHEN_assuming_AND_it_is_denied_THEN_action_and_role_are_named(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        fake_sts.refusal = ("AccessDenied", "User: u is not authorized to perform: sts:AssumeRole")
        with pytest.raises(AccessDenied) as caught:
            make_provider().get_s3().list_buckets()
        assert caught.value.iam_actions == ("sts:AssumeRole",)
        assert caught.value.resource == ROLE
        assert caught.value.aws_code == "AccessDenied"
        assert f"sts:AssumeRole on {ROLE}" in str(caught.value)

    def test_WHEN_assuming_AND_it_is_denied_THEN_nothing_is_logged_as_a_warning(
        self, make_provider: MakeProvider, fake_sts: FakeSts, caplog: pytest.LogCaptureFixture
    ) -> None:
        fake_sts.refusal = ("AccessDenied", "no")
        with pytest.raises(AccessDenied):
            make_provider([ROLE, NEXT_ROLE]).get_s3().list_buckets()
        assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("ExpiredToken", ExpiredCredentials),
            ("InvalidClientTokenId", CredentialsProblem),
            ("ValidationError", InvalidInput),
            ("PackedPolicyTooLarge", SessionPolicyTooLarge),
            ("RegionDisabledException", CredentialsProblem),
        ],
    )
    def test_WHEN_assuming_AND_sts_refuses_THEN_the_kind_fits(
        self, make_provider: MakeProvider, fake_sts: FakeSts, code: str, kind: type[Exception]
    ) -> None:
        fake_sts.refusal = (code, "no")
        with pytest.raises(kind) as caught:
            make_provider().get_aws_env()
        assert type(caught.value) is kind

    def test_WHEN_assuming_AND_the_signature_is_wrong_THEN_the_message_leaves_out_the_echoed_request(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        fake_sts.refusal = ("SignatureDoesNotMatch", "does not match\n\nx-amz-security-token:SENTINEL-TOKEN")
        with pytest.raises(CredentialsProblem) as caught:
            make_provider().get_aws_env()
        assert "SENTINEL" not in str(caught.value)


class TestRefresh:
    def test_WHEN_calling_often_AND_the_session_lasts_15_minutes_THEN_it_is_assumed_once(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        sts = make_provider(duration_seconds=900).get_sts()
        for _ in range(5):
            sts.get_caller_identity()
        assert len(fake_sts.calls_of("AssumeRole")) == 1

    def test_WHEN_32_threads_start_together_THEN_the_role_is_assumed_once(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        aws_provider = make_provider([ROLE, NEXT_ROLE])
        with ThreadPoolExecutor(32) as pool:
            accounts = set(
                pool.map(lambda _: aws_provider.get_sts().get_caller_identity()["Account"], range(64))
            )
        assert accounts == {"444455556666"}
        assert [asked["RoleArn"] for asked in fake_sts.calls_of("AssumeRole")] == [ROLE, NEXT_ROLE]

    def test_WHEN_32_threads_start_together_AND_it_is_refused_THEN_those_who_waited_do_not_try_too(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        fake_sts.refusal = ("AccessDenied", "no")
        fake_sts.seconds_an_answer = 0.3
        aws_provider = make_provider()
        barrier = threading.Barrier(32)
        client = aws_provider.get_sts()

        def call(_: int) -> None:
            barrier.wait()
            with pytest.raises(AccessDenied):
                client.get_caller_identity()

        with ThreadPoolExecutor(32) as pool:
            list(pool.map(call, range(32)))
        # One, and a few more on a machine so busy that some threads came after its end.
        assert len(fake_sts.calls_of("AssumeRole")) < 16
        fake_sts.refusal = None
        assert aws_provider.get_aws_env().aws_account == "111122223333"

    def test_WHEN_the_session_nears_its_end_AND_32_threads_call_THEN_one_refresh_serves_all(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        fake_sts.lifetimes = [60]
        sts = make_provider().get_sts()
        sts.get_caller_identity()
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(lambda _: sts.get_caller_identity(), range(64)))
        assert len(fake_sts.calls_of("AssumeRole")) == 2
        assert {asked["signed_by"] for asked in fake_sts.requests[-64:]} == {"ASIA000000000001"}

    def test_WHEN_a_fresh_session_has_ended_already_THEN_expired_credentials(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        fake_sts.lifetimes = [-60]
        with pytest.raises(ExpiredCredentials):
            make_provider().get_s3().list_buckets()

    def test_WHEN_refreshing_AND_the_new_session_lands_elsewhere_THEN_it_is_refused(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        fake_sts.lifetimes = [60]
        sts = make_provider().get_sts()
        sts.get_caller_identity()
        fake_sts.lands_in = "999999999999"
        with pytest.raises(WrongAccount):
            sts.get_caller_identity()

    @pytest.mark.parametrize(
        ("lifetimes", "assumed"),
        [([3600, 60], [ROLE, NEXT_ROLE, NEXT_ROLE]), ([60], [ROLE, ROLE, NEXT_ROLE])],
    )
    def test_WHEN_using_a_chain_AND_a_session_nears_its_end_THEN_only_that_one_is_assumed_again(
        self, make_provider: MakeProvider, fake_sts: FakeSts, lifetimes: list[int], assumed: list[str]
    ) -> None:
        fake_sts.lifetimes = lifetimes
        sts = make_provider([ROLE, NEXT_ROLE]).get_sts()
        for _ in range(3):
            sts.get_caller_identity()
        assert [asked["RoleArn"] for asked in fake_sts.calls_of("AssumeRole")] == assumed

    def test_WHEN_a_refresh_fails_THEN_the_log_holds_no_secret(
        self, make_provider: MakeProvider, fake_sts: FakeSts, caplog: pytest.LogCaptureFixture
    ) -> None:
        fake_sts.lifetimes = [60]
        sts = make_provider().get_sts()
        sts.get_caller_identity()
        fake_sts.refusal = ("ExpiredToken", "expired")
        with caplog.at_level(logging.INFO), pytest.raises(ExpiredCredentials):
            sts.get_caller_identity()
        assert "Refreshing temporary credentials failed" in caplog.text
        assert "SENTINEL" not in caplog.text


class TestDiskCache:
    def test_WHEN_a_second_provider_has_the_same_settings_THEN_it_assumes_and_asks_nothing(
        self, make_provider: MakeProvider, fake_sts: FakeSts, tmp_path: Path
    ) -> None:
        settings = {"mfa_serial": DEVICE, "credential_cache_dir": tmp_path / "kept"}
        assert make_provider(mfa_prompter=lambda _text: " 123456\n", **settings).get_aws_env()
        env = make_provider(aws_region="us-east-1", **settings).get_aws_env()
        assert (env.aws_account, env.aws_region) == ("111122223333", "us-east-1")
        assert env.credentials_expire_at is not None
        assert len(fake_sts.calls_of("AssumeRole")) == 1
        assert len(fake_sts.calls_of("GetCallerIdentity")) == 2

    def test_WHEN_keeping_THEN_the_file_has_the_aws_commands_shape(
        self, make_provider: MakeProvider, tmp_path: Path
    ) -> None:
        make_provider(credential_cache_dir=tmp_path / "kept").get_aws_env()
        (file,) = (tmp_path / "kept").iterdir()
        kept = json.loads(file.read_text())["Credentials"]
        assert kept.keys() >= {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
        assert kept["Expiration"].endswith("UTC")

    @pytest.mark.parametrize(
        "other",
        [
            {"access_keys": AccessKeys("AKIAOTHER", "secret")},
            {"assume_role_arn": [NEXT_ROLE, ROLE]},
            {"external_id": "partner-7"},
            {"duration_seconds": 900},
            {"role_session_name": "somebody-else"},
            {"session_policy": "{}"},
            {"session_tags": {"team": "ops"}},
        ],
    )
    def test_WHEN_a_second_provider_differs_THEN_it_gets_credentials_of_its_own(
        self, make_provider: MakeProvider, fake_sts: FakeSts, tmp_path: Path, other: dict[str, object]
    ) -> None:
        make_provider(credential_cache_dir=tmp_path / "kept").get_aws_env()
        make_provider(credential_cache_dir=tmp_path / "kept", **other).get_aws_env()
        assert len([asked for asked in fake_sts.calls_of("AssumeRole") if asked["RoleArn"] == ROLE]) == 2

    def test_WHEN_the_endpoint_differs_THEN_kept_credentials_never_reach_it(
        self, make_provider: MakeProvider, fake_sts: FakeSts, sts_endpoint: str, tmp_path: Path
    ) -> None:
        make_provider(credential_cache_dir=tmp_path / "kept").get_aws_env()
        elsewhere = sts_endpoint.replace("127.0.0.1", "localhost")
        make_provider(credential_cache_dir=tmp_path / "kept", endpoint_url=elsewhere).get_aws_env()
        assert len(fake_sts.calls_of("AssumeRole")) == 2

    def test_WHEN_the_endpoint_comes_from_the_environment_THEN_it_counts_too(
        self,
        make_provider: MakeProvider,
        fake_sts: FakeSts,
        sts_endpoint: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        for url in (sts_endpoint, sts_endpoint.replace("127.0.0.1", "localhost")):
            monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
            make_provider(credential_cache_dir=tmp_path / "kept", endpoint_url=None).get_aws_env()
        assert len(fake_sts.calls_of("AssumeRole")) == 2

    def test_WHEN_kept_credentials_act_in_another_account_THEN_they_are_refused_and_dropped(
        self, make_provider: MakeProvider, fake_sts: FakeSts, tmp_path: Path
    ) -> None:
        make_provider(credential_cache_dir=tmp_path / "kept").get_aws_env()
        fake_sts.accounts["ASIA000000000000"] = "999999999999"
        with pytest.raises(WrongAccount):
            make_provider(credential_cache_dir=tmp_path / "kept").get_aws_env()
        assert list((tmp_path / "kept").iterdir()) == []

    def test_WHEN_kept_credentials_are_no_longer_accepted_THEN_new_ones_are_got(
        self, make_provider: MakeProvider, fake_sts: FakeSts, tmp_path: Path
    ) -> None:
        make_provider(credential_cache_dir=tmp_path / "kept").get_aws_env()
        fake_sts.revoked.add("ASIA000000000000")
        assert (
            make_provider(credential_cache_dir=tmp_path / "kept").get_aws_env().aws_account == "111122223333"
        )
        assert len(fake_sts.calls_of("AssumeRole")) == 2
        assert len(list((tmp_path / "kept").iterdir())) == 1

    def test_WHEN_kept_credentials_are_about_to_end_THEN_new_ones_are_got(
        self, make_provider: MakeProvider, fake_sts: FakeSts, tmp_path: Path
    ) -> None:
        fake_sts.lifetimes = [60]
        make_provider(credential_cache_dir=tmp_path / "kept").get_aws_env()
        make_provider(credential_cache_dir=tmp_path / "kept").get_aws_env()
        assert len(fake_sts.calls_of("AssumeRole")) == 2

    def test_WHEN_the_folder_cannot_be_written_THEN_it_works_without_and_warns(
        self, make_provider: MakeProvider, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "file").write_text("in the way")
        aws_provider = make_provider(credential_cache_dir=tmp_path / "file" / "kept")
        assert aws_provider.get_aws_env().aws_account == "111122223333"
        assert "credentials are not kept" in caplog.text
        assert "SENTINEL" not in caplog.text


class TestMfa:
    def test_WHEN_a_code_is_needed_AND_nobody_can_be_asked_THEN_the_device_is_named(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        with pytest.raises(MfaCodeNeeded) as caught:
            make_provider(mfa_serial=DEVICE).get_s3().list_buckets()
        assert caught.value.mfa_serial == DEVICE
        assert fake_sts.requests == []

    def test_WHEN_32_threads_need_a_code_THEN_it_is_asked_for_once(self, make_provider: MakeProvider) -> None:
        asked: list[str] = []

        def prompt(text: str) -> str:
            asked.append(text)
            return "123456"

        aws_provider = make_provider(mfa_serial=DEVICE, mfa_prompter=prompt)
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(lambda _: aws_provider.get_aws_env(), range(32)))
        assert len(asked) == 1
        assert DEVICE in asked[0]

    def test_WHEN_the_base_has_a_device_AND_a_role_is_added_THEN_the_first_role_uses_it(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        base = make_provider([], mfa_serial=DEVICE, mfa_prompter=lambda _text: "123456")
        base.for_role(ROLE).for_role(NEXT_ROLE).get_aws_env()
        first, second = fake_sts.calls_of("AssumeRole")
        assert first["SerialNumber"] == DEVICE
        assert "SerialNumber" not in second

    def test_WHEN_the_prompt_is_answered_with_end_of_file_THEN_credentials_problem(
        self, make_provider: MakeProvider
    ) -> None:
        def prompt(_text: str) -> str:
            raise EOFError

        with pytest.raises(CredentialsProblem, match="no MFA code was typed"):
            make_provider(mfa_serial=DEVICE, mfa_prompter=prompt).get_aws_env()

    def test_WHEN_the_prompt_is_interrupted_THEN_the_interruption_reaches_the_caller(
        self, make_provider: MakeProvider
    ) -> None:
        class Interrupted(RuntimeError):
            pass

        def prompt(_text: str) -> str:
            raise Interrupted

        with pytest.raises(Interrupted):
            make_provider(mfa_serial=DEVICE, mfa_prompter=prompt).get_aws_env()

    def test_WHEN_the_code_is_too_short_THEN_invalid_input(self, make_provider: MakeProvider) -> None:
        with pytest.raises(InvalidInput):
            make_provider(mfa_serial=DEVICE, mfa_prompter=lambda _text: "12").get_aws_env()
