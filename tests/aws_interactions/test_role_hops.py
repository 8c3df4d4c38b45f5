import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.role_hops import RoleHop, make_hops

ROLE = "arn:aws:iam::111122223333:role/operator"
NEXT_ROLE = "arn:aws:iam::444455556666:role/operator"


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "operator",
        "arn:aws:iam::1234:role/operator",
        "arn:aws:iam::111122223333:user/me",
        "arn:aws:sts::111122223333:assumed-role/operator/s",
        "arn:aws:iam::111122223333:role/",
        "arn:aws:iam::111122223333:role/a b",
        f"{ROLE}\n",
    ],
)
def test_WHEN_the_role_arn_is_malformed_THEN_invalid_input(arn: str) -> None:
    with pytest.raises(InvalidInput, match="malformed role ARN"):
        AwsClientProvider(assume_role_arn=arn)


@pytest.mark.parametrize(
    "settings",
    [
        {"role_session_name": "a"},
        {"role_session_name": "two words"},
        {"role_session_name": "x" * 65},
        {"external_id": "x"},
        {"external_id": "x" * 1225},
        {"external_id": "two words"},
        {"duration_seconds": 899},
        {"duration_seconds": 43_201},
        {"source_identity": "two words"},
        {"session_tags": {"": "value"}},
        {"session_tags": {"k" * 129: "value"}},
        {"session_tags": {"key": "v" * 257}},
        {"session_tags": {"aws:key": "value"}},
        {"session_tags": {"key": "a;b"}},
        {"session_tags": {str(number): "" for number in range(51)}},
        {"session_policy": "{"},
        {"session_policy": "[]"},
        {"session_policy": '{"a": "' + "x" * 2048 + '"}'},
        {"mfa_serial": "short"},
    ],
)
def test_WHEN_a_setting_is_malformed_THEN_invalid_input(settings: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        AwsClientProvider(assume_role_arn=ROLE, **settings)  # type: ignore[arg-type] # hostile on purpose


def test_WHEN_a_chained_role_lasts_over_an_hour_THEN_invalid_input() -> None:
    with pytest.raises(InvalidInput, match="3600"):
        AwsClientProvider(assume_role_arn=[ROLE, NEXT_ROLE], duration_seconds=3601)
    with pytest.raises(InvalidInput, match="3600"):
        AwsClientProvider(assume_role_arn=ROLE).for_role(NEXT_ROLE, duration_seconds=3601)


def test_WHEN_a_single_role_lasts_over_an_hour_THEN_it_may_and_may_be_chained_from() -> None:
    aws_provider = AwsClientProvider(assume_role_arn=ROLE, duration_seconds=43_200)
    assert aws_provider.for_role(NEXT_ROLE, duration_seconds=3600) is not aws_provider


def test_WHEN_settings_are_given_AND_there_is_no_role_THEN_invalid_input() -> None:
    with pytest.raises(InvalidInput, match="external id"):
        AwsClientProvider(external_id="partner-7")


def test_WHEN_making_hops_THEN_empty_means_none_and_paths_are_fine() -> None:
    assert make_hops(None) == make_hops([]) == ()
    (hop,) = make_hops("arn:aws-cn:iam::111122223333:role/service/ops/operator")
    assert hop == RoleHop("arn:aws-cn:iam::111122223333:role/service/ops/operator")
    assert hop.aws_account == "111122223333"
