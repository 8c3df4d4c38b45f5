import gc
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import NO_ROLE, AwsClientProvider
from aws_interactions.aws_errors import InvalidInput, WrongAccount
from aws_interactions.call_budget import CallBudget
from aws_interactions.client_settings import ClientSettings
from aws_interactions.credential_errors import SessionPolicyTooLarge
from aws_interactions.secret_redaction import SecretRegistry
from tests.aws_interactions.loopback_servers import FakeSts

HUB = "arn:aws:iam::123456789012:role/hub"
ROLE = "arn:aws:iam::111122223333:role/operator"
DEVICE = "arn:aws:iam::123456789012:mfa/me"
KEYS = AccessKeys("AKIABASE", "SENTINEL-BASE-SECRET")
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}]}'

MakeProvider = Callable[..., AwsClientProvider]


@pytest.fixture
def make_provider(sts_endpoint: str) -> MakeProvider:
    def make(assume_role_arn: str | list[str] | None = ROLE, **settings: object) -> AwsClientProvider:
        arguments = {
            "aws_region": "eu-west-1",
            "access_keys": KEYS,
            "endpoint_url": sts_endpoint,
            "assume_role_arn": assume_role_arn,
        }
        return AwsClientProvider(**(arguments | settings))  # type: ignore[arg-type] # as the test gives them

    return make


def policies(fake_sts: FakeSts) -> list[str | None]:
    return [asked.get("Policy") for asked in fake_sts.calls_of("AssumeRole")]


class TestNarrowing:
    def test_WHEN_a_role_is_narrowed_THEN_it_is_assumed_as_before_with_the_policy_beside(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        whole = make_provider([HUB, ROLE], external_id="partner-7", role_session_name="alice")
        whole.get_aws_env()
        narrowed = whole.narrowed_to(POLICY)
        assert narrowed.get_aws_env().aws_account == "111122223333"
        _, first, again = fake_sts.calls_of("AssumeRole")
        assert again == {**first, "Policy": POLICY}
        assert "narrowed" in repr(narrowed)

    def test_WHEN_a_role_is_narrowed_THEN_its_account_is_checked_before_any_other_call(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        fake_sts.lands_in = "999999999999"
        with pytest.raises(WrongAccount):
            make_provider().narrowed_to(POLICY).get_s3().list_buckets()
        assert [asked["Action"] for asked in fake_sts.requests] == ["AssumeRole", "GetCallerIdentity"]

    def test_WHEN_a_narrowed_provider_is_narrowed_THEN_the_new_policy_takes_the_place_of_the_old(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        other = POLICY.replace("ListBucket", "GetObject")
        make_provider().narrowed_to(POLICY).narrowed_to(other).get_aws_env()
        assert policies(fake_sts) == [other]

    def test_WHEN_a_provider_is_narrowed_THEN_the_whole_one_acts_as_before(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        whole = make_provider()
        whole.narrowed_to(POLICY).get_sts().get_caller_identity()
        whole.get_sts().get_caller_identity()
        assert policies(fake_sts) == [POLICY, None]
        narrow_key, whole_key = fake_sts.accounts
        signers = [asked["signed_by"] for asked in fake_sts.calls_of("GetCallerIdentity")]
        assert signers == [narrow_key, narrow_key, whole_key, whole_key]

    def test_WHEN_a_narrowed_provider_changes_region_THEN_the_session_is_the_same(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        narrowed = make_provider().narrowed_to(POLICY)
        assert narrowed.for_region("us-east-1").get_aws_env().aws_region == "us-east-1"
        assert narrowed.read_only().get_aws_env().aws_account == "111122223333"
        assert policies(fake_sts) == [POLICY]

    def test_WHEN_a_narrowed_session_would_assume_another_role_THEN_it_is_refused(
        self, make_provider: MakeProvider
    ) -> None:
        with pytest.raises(InvalidInput, match="no further role"):
            make_provider().narrowed_to(POLICY).for_role(HUB)

    @pytest.mark.parametrize("policy", ["", "no policy", "[]", POLICY + " " * 2048])
    def test_WHEN_the_policy_is_none_that_sts_takes_THEN_nobody_is_asked(
        self, policy: str, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        with pytest.raises(InvalidInput, match="session policy"):
            make_provider().narrowed_to(policy)
        assert fake_sts.requests == []

    def test_WHEN_sts_cannot_pack_the_policy_THEN_that_is_an_error_of_its_own(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        fake_sts.refusal = ("PackedPolicyTooLarge", "Packed policy consumes 128% of allotted space")
        with pytest.raises(SessionPolicyTooLarge, match="128%"):
            make_provider().narrowed_to(POLICY).get_aws_env()

    def test_WHEN_it_travels_THEN_the_policy_goes_with_it(self, make_provider: MakeProvider) -> None:
        narrowed = make_provider(access_keys=None).narrowed_to(POLICY)
        assert [role.session_policy for role in narrowed.specification().roles] == [POLICY]


class TestObstacles:
    def test_WHEN_the_last_role_asks_for_a_code_THEN_it_cannot_be_narrowed_and_nobody_is_asked(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        whole = make_provider(mfa_serial=DEVICE, mfa_prompter=lambda _text: "123456")
        assert "MFA" in str(whole.narrowing_obstacle())
        with pytest.raises(InvalidInput, match="MFA"):
            whole.narrowed_to(POLICY)
        assert fake_sts.requests == []

    def test_WHEN_an_earlier_role_asks_for_a_code_THEN_it_is_typed_once_for_all_sessions(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        typed: list[str] = []

        def prompter(text: str) -> str:
            typed.append(text)
            return "123456"

        whole = make_provider([HUB, ROLE], mfa_serial=DEVICE, mfa_prompter=prompter)
        assert whole.narrowing_obstacle() is None
        for _ in range(3):
            whole.narrowed_to(POLICY).get_aws_env()
        assert len(typed) == 1
        assert policies(fake_sts) == [None, POLICY, POLICY, POLICY]

    def test_WHEN_the_role_has_a_policy_of_the_operators_THEN_that_one_stays(
        self, make_provider: MakeProvider
    ) -> None:
        whole = make_provider(session_policy=POLICY)
        assert "session policy" in str(whole.narrowing_obstacle())
        with pytest.raises(InvalidInput):
            whole.narrowed_to(POLICY)

    def test_WHEN_no_role_is_assumed_THEN_there_is_none_to_narrow(self, make_provider: MakeProvider) -> None:
        assert make_provider(None).narrowing_obstacle() == NO_ROLE

    def test_WHEN_the_profile_assumes_the_role_THEN_the_obstacle_says_so(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        config = tmp_path / "config"
        config.write_text(
            f"[profile ops]\nrole_arn = {ROLE}\nsource_profile = base\n[profile base]\nregion = eu-west-1\n",
            encoding="utf-8",
        )
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
        obstacle = AwsClientProvider("ops", "eu-west-1").narrowing_obstacle()
        assert obstacle is not None
        assert "profile" in obstacle
        assert AwsClientProvider("base", "eu-west-1").narrowing_obstacle() == NO_ROLE
        assert AwsClientProvider("ops", "eu-west-1").for_role(HUB).narrowing_obstacle() is None


class TestKeeping:
    def test_WHEN_there_is_a_disk_cache_THEN_narrowed_sessions_are_not_in_it(
        self, make_provider: MakeProvider, tmp_path: Path
    ) -> None:
        whole = make_provider([HUB, ROLE], credential_cache_dir=tmp_path / "kept")
        whole.narrowed_to(POLICY).get_aws_env()
        # The hub alone is kept, which serves all sessions.
        assert len(list((tmp_path / "kept").glob("*.json"))) == 1

    def test_WHEN_a_session_ends_in_the_middle_THEN_the_next_one_has_the_same_policy(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        fake_sts.lifetimes = [100]
        sts = make_provider().narrowed_to(POLICY).get_sts()
        sts.get_caller_identity()
        sts.get_caller_identity()
        assert policies(fake_sts) == [POLICY, POLICY]

    def test_WHEN_aws_calls_the_session_expired_THEN_the_next_one_has_the_same_policy(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        sts = make_provider().narrowed_to(POLICY).get_sts()
        sts.get_caller_identity()
        fake_sts.expired.update(fake_sts.accounts)
        sts.get_caller_identity()
        assert policies(fake_sts) == [POLICY, POLICY]

    def test_WHEN_many_threads_use_a_narrowed_provider_THEN_one_session_serves_them_all(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        fake_sts.seconds_an_answer = 0.02
        narrowed = make_provider().narrowed_to(POLICY)
        with ThreadPoolExecutor(16) as pool:
            accounts = set(pool.map(lambda _: narrowed.get_aws_env().aws_account, range(64)))
        assert accounts == {"111122223333"}
        assert policies(fake_sts) == [POLICY]

    def test_WHEN_threads_narrow_one_provider_THEN_each_signs_with_its_own_session(
        self, make_provider: MakeProvider, fake_sts: FakeSts
    ) -> None:
        whole = make_provider()

        def narrow(number: int) -> str:
            policy = POLICY.replace("*", f"arn:aws:s3:::bucket-{number}")
            aws_provider = whole.narrowed_to(policy)
            aws_provider.get_sts().get_caller_identity()
            return policy

        with ThreadPoolExecutor(8) as pool:
            wanted = sorted(pool.map(narrow, range(40)))
        assert sorted(map(str, policies(fake_sts))) == wanted
        signers = [asked["signed_by"] for asked in fake_sts.calls_of("GetCallerIdentity")]
        assert {signers.count(key) for key in fake_sts.accounts} == {2}

    def test_WHEN_sessions_are_narrowed_THEN_the_call_budget_paces_them(
        self, make_provider: MakeProvider
    ) -> None:
        budget = CallBudget(sleep=lambda _seconds: None)
        whole = make_provider(client_settings=ClientSettings(call_budget=budget))
        for _ in range(5):
            whole.narrowed_to(POLICY).get_aws_env()
        assert budget.requests == 10

    def test_WHEN_thousands_of_sessions_come_and_go_THEN_memory_is_flat(
        self, make_provider: MakeProvider
    ) -> None:
        whole = make_provider()

        def come_and_go(times: int) -> None:
            for number in range(times):
                policy = POLICY.replace("*", f"arn:aws:s3:::bucket-{number}")
                # Bound, not used: what a session's answer takes is for the registry's own test.
                whole.narrowed_to(policy).get_s3()

        come_and_go(50)
        gc.collect()
        tracemalloc.start()
        try:
            come_and_go(5000)
            gc.collect()
            grown, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert grown < 200_000

    def test_WHEN_thousands_of_short_lived_secrets_are_registered_THEN_the_last_and_the_lasting_are_known(
        self,
    ) -> None:
        registry = SecretRegistry()
        registry.register("lasting-secret")
        for number in range(5000):
            registry.register(f"session-secret-{number:05}", is_short_lived=True)
        assert registry.redact("session-secret-04999, lasting-secret") == "[redacted], [redacted]"
        assert registry.redact("session-secret-03000") == "[redacted]"
        assert registry.redact("session-secret-00001") == "session-secret-00001"
