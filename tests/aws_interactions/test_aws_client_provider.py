import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.aws_errors import CredentialsProblem, InvalidInput, ReadOnlyViolation
from aws_interactions.client_settings import ClientSettings
from tests.aws_interactions.loopback_servers import FakeSts

ROLE = "arn:aws:iam::111122223333:role/operator"
NEXT_ROLE = "arn:aws:iam::444455556666:role/operator"


@pytest.fixture
def fake_provider(sts_endpoint: str) -> AwsClientProvider:
    return AwsClientProvider(
        aws_region="eu-west-1",
        access_keys=AccessKeys("AKIABASE", "SENTINEL-BASE-SECRET", "SENTINEL-BASE-TOKEN"),
        endpoint_url=sts_endpoint,
    )


def bucket_names(aws_provider: AwsClientProvider) -> list[str]:
    return [bucket["Name"] for bucket in aws_provider.get_s3().list_buckets()["Buckets"]]


class TestEnvironment:
    def test_WHEN_asked_by_32_threads_THEN_the_account_is_looked_up_once(
        self, fake_provider: AwsClientProvider, fake_sts: FakeSts
    ) -> None:
        with ThreadPoolExecutor(32) as pool:
            environments = set(pool.map(lambda _: fake_provider.get_aws_env(), range(64)))
        assert environments == {AwsEnvironment("123456789012", "eu-west-1")}
        assert len(fake_sts.requests) == 1

    def test_WHEN_asked_of_another_region_THEN_the_same_lookup_serves(
        self, fake_provider: AwsClientProvider, fake_sts: FakeSts
    ) -> None:
        fake_provider.get_aws_env()
        assert str(fake_provider.for_region("us-east-1").get_aws_env()) == "aws://123456789012/us-east-1"
        assert str(fake_provider.read_only().get_aws_env()) == "aws://123456789012/eu-west-1"
        assert len(fake_sts.requests) == 1

    def test_WHEN_asked_of_a_role_THEN_the_check_of_its_credentials_serves(
        self, fake_provider: AwsClientProvider, fake_sts: FakeSts
    ) -> None:
        env = fake_provider.for_role(ROLE).get_aws_env()
        assert env.aws_account == "111122223333"
        assert env.credentials_expire_at is not None
        assert env.credentials_expire_at.utcoffset() is not None
        assert [asked["Action"] for asked in fake_sts.requests] == ["AssumeRole", "GetCallerIdentity"]

    def test_WHEN_the_lookup_failed_THEN_it_is_tried_again(
        self, fake_sts: FakeSts, sts_endpoint: str
    ) -> None:
        aws_provider = AwsClientProvider(aws_region="eu-west-1", endpoint_url=sts_endpoint)
        with pytest.raises(CredentialsProblem):
            aws_provider.get_aws_env()
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("AWS_ACCESS_KEY_ID", "AKIALATER")
            environment.setenv("AWS_SECRET_ACCESS_KEY", "secret")
            assert aws_provider.get_aws_env().aws_account == "123456789012"
        assert len(fake_sts.requests) == 1


class TestDeriving:
    def test_WHEN_deriving_regions_of_a_role_THEN_it_is_assumed_once(
        self, fake_provider: AwsClientProvider, fake_sts: FakeSts
    ) -> None:
        in_role = fake_provider.for_role(ROLE)
        for region in ("us-east-1", "eu-west-1", "ap-south-1"):
            derived = in_role.for_region(region)
            derived.get_sts().get_caller_identity()
            derived.read_only().get_sts().get_caller_identity()
        fake_provider.for_region("us-west-2").for_role(ROLE).get_aws_env()
        assert len(fake_sts.calls_of("AssumeRole")) == 1

    def test_WHEN_the_first_region_has_no_sts_for_the_account_THEN_the_next_one_assumes_the_chain(
        self, fake_provider: AwsClientProvider, fake_sts: FakeSts
    ) -> None:
        fake_sts.disabled_region = "af-south-1"
        in_role = fake_provider.for_role(ROLE).for_role(NEXT_ROLE)
        with pytest.raises(CredentialsProblem):
            in_role.for_region("af-south-1").get_aws_env()
        assert in_role.for_region("eu-west-1").get_aws_env().aws_account == "444455556666"
        in_role.for_region("af-south-1").get_s3()
        assert in_role.for_region("af-south-1").get_aws_env().aws_account == "444455556666"

    def test_WHEN_two_chains_share_their_first_role_THEN_it_is_assumed_once(
        self, fake_provider: AwsClientProvider, fake_sts: FakeSts
    ) -> None:
        hub = fake_provider.for_role(ROLE)
        hub.for_role(NEXT_ROLE).get_aws_env()
        hub.for_role(NEXT_ROLE, external_id="partner-7").get_aws_env()
        assert [asked["RoleArn"] for asked in fake_sts.calls_of("AssumeRole")] == [ROLE, NEXT_ROLE, NEXT_ROLE]

    def test_WHEN_deriving_THEN_the_original_stays_as_it_was(self, fake_provider: AwsClientProvider) -> None:
        before = repr(fake_provider)
        derived = fake_provider.for_region("us-east-1").for_role(ROLE).read_only()
        assert (derived.aws_region, derived.is_read_only) == ("us-east-1", True)
        assert derived.for_region("eu-west-1").is_read_only
        assert derived.for_role(NEXT_ROLE).is_read_only
        assert (fake_provider.aws_region, fake_provider.is_read_only) == ("eu-west-1", False)
        assert repr(fake_provider) == before

    @pytest.mark.parametrize(
        "derive",
        [
            lambda aws_provider: aws_provider.for_region("nowhere"),
            lambda aws_provider: aws_provider.for_role("operator"),
            lambda aws_provider: aws_provider.for_role(ROLE, duration_seconds=1),
        ],
    )
    def test_WHEN_deriving_AND_a_value_is_malformed_THEN_invalid_input(
        self, fake_provider: AwsClientProvider, derive: Callable[[AwsClientProvider], object]
    ) -> None:
        with pytest.raises(InvalidInput):
            derive(fake_provider)

    def test_WHEN_read_only_THEN_roles_are_assumed_and_writes_are_refused(
        self, aws_provider: AwsClientProvider
    ) -> None:
        read_only = aws_provider.for_role(ROLE).read_only()
        assert bucket_names(read_only) == []
        with pytest.raises(ReadOnlyViolation):
            read_only.get_s3().create_bucket(Bucket="new-bucket")
        assert bucket_names(aws_provider.for_role(ROLE)) == []


class TestClients:
    def test_WHEN_a_role_is_assumed_THEN_client_and_resource_act_in_its_account(
        self, aws_provider: AwsClientProvider
    ) -> None:
        in_role = aws_provider.for_role(ROLE)
        in_role.get_s3_resource().create_bucket(
            Bucket="of-the-role", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        assert bucket_names(in_role) == ["of-the-role"]
        assert bucket_names(aws_provider) == []
        assert [bucket.name for bucket in aws_provider.get_s3_resource().buckets.all()] == []

    def test_WHEN_accounts_are_used_by_32_threads_THEN_each_call_acts_in_its_own(
        self, aws_provider: AwsClientProvider
    ) -> None:
        accounts = [f"{number:012}" for number in range(1, 9)]
        providers = [
            aws_provider.for_role(f"arn:aws:iam::{account}:role/operator").for_region(region)
            for account in accounts
            for region in ("eu-west-1", "us-east-1")
        ]

        def account_of_call(position: int) -> bool:
            acting = providers[position % len(providers)]
            return acting.get_sts().get_caller_identity()["Account"] == acting.get_aws_env().aws_account

        with ThreadPoolExecutor(32) as pool:
            assert all(pool.map(account_of_call, range(320)))

    def test_WHEN_making_clients_THEN_the_settings_are_explicit(self, sts_endpoint: str) -> None:
        aws_provider = AwsClientProvider(
            aws_region="eu-west-1",
            access_keys=AccessKeys("testing", "testing"),
            endpoint_url=sts_endpoint,
            client_settings=ClientSettings(
                max_attempts=2, connect_timeout=3, read_timeout=4, max_pool_connections=7
            ),
        )
        config = aws_provider.get_s3().meta.config
        assert config.retries == {"mode": "standard", "total_max_attempts": 2}
        assert (config.connect_timeout, config.read_timeout, config.max_pool_connections) == (3, 4, 7)

    def test_WHEN_no_endpoint_is_given_THEN_sts_is_the_regions_own(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
        aws_provider = AwsClientProvider(aws_region="us-east-1")
        assert aws_provider.get_sts().meta.endpoint_url == "https://sts.us-east-1.amazonaws.com"

    @pytest.mark.parametrize(
        "url", ["", "localhost:5000", "ftp://host", "http://user:secret@host", "http://h h"]
    )
    def test_WHEN_making_a_provider_AND_the_endpoint_is_malformed_THEN_invalid_input_without_secrets(
        self, url: str
    ) -> None:
        with pytest.raises(InvalidInput, match="endpoint") as caught:
            AwsClientProvider(endpoint_url=url)
        assert "secret" not in str(caught.value)

    def test_WHEN_a_wrapper_is_tested_THEN_a_mock_with_the_providers_spec_serves(self) -> None:
        fake = mock.create_autospec(AwsClientProvider, instance=True)
        fake.get_s3.return_value.list_buckets.return_value = {"Buckets": [{"Name": "b"}]}
        assert bucket_names(fake) == ["b"]


class TestSecrets:
    def secret_holders(self, aws_provider: AwsClientProvider) -> list[object]:
        in_role = aws_provider.for_role(ROLE)
        in_role.get_aws_env()
        signer = in_role.get_s3()._request_signer
        return [aws_provider, in_role, signer._credentials, AccessKeys("k", "s")]

    @pytest.mark.parametrize("spread", [pickle.dumps, copy.copy, copy.deepcopy])
    def test_WHEN_pickled_or_copied_THEN_type_error(
        self, fake_provider: AwsClientProvider, spread: Callable[[object], object]
    ) -> None:
        for holder in self.secret_holders(fake_provider):
            with pytest.raises(TypeError, match=r"neither pickles? nor cop(y|ies)"):
                spread(holder)

    def test_WHEN_shown_THEN_no_key_or_token_appears(self, fake_provider: AwsClientProvider) -> None:
        for holder in self.secret_holders(fake_provider):
            shown = f"{holder!r} {holder}"
            assert "SENTINEL" not in shown
            assert "AKIA" not in shown
            assert "ASIA" not in shown

    def test_WHEN_shown_THEN_region_and_roles_are_told(self, fake_provider: AwsClientProvider) -> None:
        assert repr(fake_provider.for_role(ROLE).read_only()) == (
            f"AwsClientProvider(region=eu-west-1, base=access keys, role={ROLE}, read only)"
        )


class TestStartUp:
    def modules_after(self, statement: str) -> set[str]:
        script = f"import sys\n{statement}\nprint(*sys.modules)"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        return set(done.stdout.split())

    def test_WHEN_making_a_provider_THEN_no_client_machinery_is_loaded(self) -> None:
        loaded = self.modules_after(
            "from aws_interactions.aws_client_provider import AwsClientProvider\n"
            "repr(AwsClientProvider(aws_region='eu-west-1'))"
        )
        assert not loaded & {
            "boto3",
            "botocore.session",
            "botocore.client",
            "botocore.credentials",
            "urllib3",
        }

    def test_WHEN_making_a_client_THEN_boto3_is_not_loaded(self) -> None:
        loaded = self.modules_after(
            "from aws_interactions.aws_client_provider import AwsClientProvider\n"
            "AwsClientProvider(aws_region='eu-west-1').get_s3()"
        )
        assert "boto3" not in loaded
