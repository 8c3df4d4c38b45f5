"""Which targets there are, and that each gets the provider of its own account and region."""

from urllib.parse import parse_qs, urlsplit

import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.testing import fake_provider
from aws_operations.targets import (
    RoleSettings,
    Target,
    TargetProviders,
    fill_template,
    select_targets,
)

HOME, MEMBER = "123456789012", "111122223333"


def test_WHEN_accounts_and_regions_are_given_THEN_every_pair_is_a_target_once() -> None:
    targets = select_targets([HOME, MEMBER, HOME], ["eu-west-1", "us-east-1", "eu-west-1"], "ap-south-1")
    assert targets == [
        Target("eu-west-1", HOME),
        Target("us-east-1", HOME),
        Target("eu-west-1", MEMBER),
        Target("us-east-1", MEMBER),
    ]


def test_WHEN_nothing_is_given_THEN_the_only_target_is_here() -> None:
    assert select_targets([], [], "eu-west-1") == [Target("eu-west-1", None)]


def test_WHEN_a_target_has_an_account_THEN_its_provider_acts_there(aws_provider: AwsClientProvider) -> None:
    providers = TargetProviders(aws_provider, RoleSettings("operator"))
    there = providers.provider_for(Target("us-east-1", MEMBER))
    assert str(there.get_aws_env()) == f"aws://{MEMBER}/us-east-1"
    assert (
        there.get_sts()
        .get_caller_identity()["Arn"]
        .startswith(f"arn:aws:sts::{MEMBER}:assumed-role/operator")
    )


def test_WHEN_two_regions_of_one_account_are_targets_THEN_the_role_is_assumed_once(
    aws_provider: AwsClientProvider,
) -> None:
    providers = TargetProviders(aws_provider, RoleSettings("operator"))
    keys = {
        parse_qs(urlsplit(url).query)["X-Amz-Credential"][0].partition("/")[0]
        for region in ("eu-west-1", "us-east-1")
        for url in [presigned(providers.provider_for(Target(region, MEMBER)))]
    }
    assert len(keys) == 1


def presigned(aws_provider: AwsClientProvider) -> str:
    return aws_provider.get_s3().generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "k"})


def test_WHEN_there_is_no_role_THEN_targets_are_in_the_callers_own_account(
    aws_provider: AwsClientProvider,
) -> None:
    providers = TargetProviders(aws_provider)
    assert providers.with_known_account(Target("us-east-1")) == Target("us-east-1", HOME)


@pytest.mark.parametrize(
    ("region", "arn"),
    [
        ("cn-north-1", "arn:aws-cn:iam::111122223333:role/ops/operator"),
        ("us-gov-west-1", "arn:aws-us-gov:iam::111122223333:role/ops/operator"),
        ("eu-west-1", "arn:aws:iam::111122223333:role/ops/operator"),
    ],
)
def test_WHEN_a_role_is_assumed_THEN_its_arn_is_in_the_partition_of_the_region(region: str, arn: str) -> None:
    base = AwsClientProvider(aws_region=region)
    provider = TargetProviders(base, RoleSettings("ops/operator")).provider_for(Target(region, MEMBER))
    assert arn in repr(provider)


def test_WHEN_a_name_is_a_template_THEN_each_target_fills_in_its_own() -> None:
    aws_provider = fake_provider(environment=AwsEnvironment(MEMBER, "eu-west-1"))
    assert fill_template("logs-{account}-{region}", aws_provider) == f"logs-{MEMBER}-eu-west-1"


def test_WHEN_a_name_is_no_template_THEN_the_account_is_not_asked_for() -> None:
    # No region, no credentials: anything that asked would fail.
    assert fill_template("logs", AwsClientProvider()) == "logs"


def test_WHEN_a_template_has_another_name_in_braces_THEN_it_is_refused() -> None:
    with pytest.raises(InvalidInput, match="acount"):
        fill_template("logs-{acount}", fake_provider())
