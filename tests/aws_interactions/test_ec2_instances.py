"""Instances as EC2 answers for them: by conditions, by ids, page by page, and in states nobody knows yet."""

import pickle
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, strategies as st

from aws_interactions import ec2_interactions as ec2
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied, InvalidInput, NotFound, Unavailable
from aws_interactions.ec2_interactions import InstanceState
from aws_interactions.testing import FakeClient, fake_provider
from tests.support.ec2_things import answer_of, run_instance

ONE = "i-00000000000000001"
TWO = "i-00000000000000002"


def ids(found: Any) -> list[str]:
    return [instance.instance_id for instance in found]


def test_WHEN_a_state_is_new_to_this_library_THEN_it_is_kept_as_it_is() -> None:
    state = InstanceState("resting")
    assert (state.value, str(state), state.name, state.is_known) == ("resting", "resting", "UNKNOWN", False)
    assert state == InstanceState("resting")
    assert len({state, InstanceState("resting")}) == 1
    assert pickle.loads(pickle.dumps(state)) == state  # noqa: S301 - our own
    assert "resting" not in list(InstanceState)
    assert InstanceState("running") is InstanceState.RUNNING
    assert InstanceState.RUNNING.is_known
    with pytest.raises(ValueError, match="5"):
        InstanceState(5)


@given(st.text())
def test_WHEN_any_word_is_a_state_THEN_it_comes_back_as_it_went_in(word: str) -> None:
    state = InstanceState(word)
    assert (state.value, str(state), state == word) == (word, word, True)
    assert state.is_known is (word in list(InstanceState))


def test_WHEN_an_instance_is_in_a_new_state_THEN_it_is_listed_with_it() -> None:
    client = FakeClient("ec2").pages("describe_instances", [answer_of(ONE, state="resting")])
    [found] = ec2.list_instances(fake_provider(ec2=client))
    assert found.state == "resting"
    assert found.state.is_live


def test_WHEN_instances_are_listed_AND_conditions_are_given_THEN_all_of_them_hold(
    aws_provider: AwsClientProvider,
) -> None:
    web = run_instance(aws_provider, Name="web-1", role="web")
    run_instance(aws_provider, Name="web-2", role="webs")
    stopped = run_instance(aws_provider, Name="batch-1", role="batch", stage="a")
    aws_provider.get_ec2().stop_instances(InstanceIds=[stopped])
    found = ec2.get_instance(web, aws_provider)

    assert ids(ec2.list_instances(aws_provider, states=["stopped"])) == [stopped]
    assert ids(ec2.list_instances(aws_provider, tags={"role": "web"})) == [web]
    assert ids(ec2.list_instances(aws_provider, tags={"role": ["web", "batch"], "stage": "a"})) == [stopped]
    assert ids(
        ec2.list_instances(aws_provider, name="web-*", states=[InstanceState.RUNNING], ip=found.private_ip)
    ) == [web]
    assert ids(ec2.list_instances(aws_provider, ip=found.public_ip)) == [web]
    assert ids(ec2.list_instances(aws_provider, ip="203.0.113.9")) == []
    assert len(ids(ec2.list_instances(aws_provider, vpc_id=found.vpc_id))) == 3
    assert ids(ec2.list_instances(aws_provider, vpc_id="vpc-00000000")) == []
    assert ids(ec2.list_instances(aws_provider, instance_ids=[])) == []


@pytest.mark.parametrize("value", ["a*", "a?", "a[b]", "a\\b", "*", ""])
def test_WHEN_a_tag_has_characters_that_EC2_takes_for_wildcards_THEN_only_that_very_value_is_meant(
    value: str, aws_provider: AwsClientProvider
) -> None:
    wanted = run_instance(aws_provider, odd=value)
    run_instance(aws_provider, odd="ab")
    run_instance(aws_provider, odd="abb")
    run_instance(aws_provider, other=value)
    assert ids(ec2.list_instances(aws_provider, tags={"odd": value})) == [wanted]


def test_WHEN_many_ids_are_asked_for_THEN_no_call_has_more_than_EC2_takes() -> None:
    client = FakeClient("ec2").pages("describe_instances", [{}])
    list(ec2.list_instances(fake_provider(ec2=client), instance_ids=[f"i-{n:017x}" for n in range(450)]))
    asked = [call["Filters"][0] for call in client.calls_of("describe_instances")]
    assert [len(values["Values"]) for values in asked] == [200, 200, 50]
    assert {values["Name"] for values in asked} == {"instance-id"}


def test_WHEN_filtered_pages_are_empty_AND_carry_a_token_THEN_the_list_is_complete() -> None:
    pages = [{"Reservations": []}, answer_of(ONE), {"Reservations": []}, {}, answer_of(TWO)]
    client = FakeClient("ec2").pages("describe_instances", pages)
    assert ids(ec2.list_instances(fake_provider(ec2=client), states=["running"])) == [ONE, TWO]


def test_WHEN_a_page_token_comes_again_THEN_it_is_an_error_and_no_endless_list() -> None:
    client = FakeClient("ec2").answers("describe_instances", {**answer_of(ONE), "NextToken": "again"})
    with pytest.raises(Unavailable, match="same page twice"):
        list(ec2.list_instances(fake_provider(ec2=client)))
    assert len(client.calls) < 5


def test_WHEN_an_address_is_the_second_of_an_interface_THEN_its_instance_is_found() -> None:
    client = FakeClient("ec2").answers(
        "describe_instances", [{"Reservations": []}, {"Reservations": []}, answer_of(ONE)]
    )
    attached = {"Attachment": {"InstanceId": ONE}}
    client.pages("describe_network_interfaces", [{"NetworkInterfaces": [attached, {}]}])
    assert ids(ec2.list_instances(fake_provider(ec2=client), ip="10.0.0.7")) == [ONE]


def test_WHEN_an_address_is_first_in_one_network_AND_second_in_another_THEN_both_are_found() -> None:
    client = FakeClient("ec2").answers(
        "describe_instances", [answer_of(ONE), {"Reservations": []}, answer_of(TWO)]
    )
    attached = [{"Attachment": {"InstanceId": found}} for found in (ONE, TWO)]
    client.pages("describe_network_interfaces", [{"NetworkInterfaces": attached}])
    assert ids(ec2.list_instances(fake_provider(ec2=client), ip="10.0.0.7")) == [ONE, TWO]
    assert client.calls_of("describe_instances")[-1]["Filters"] == [{"Name": "instance-id", "Values": [TWO]}]


def test_WHEN_a_name_and_the_tag_of_that_name_are_given_THEN_neither_is_left_out_silently() -> None:
    client = FakeClient("ec2")
    with pytest.raises(InvalidInput, match="only one of the two"):
        list(ec2.list_instances(fake_provider(ec2=client), name="db-*", tags={"Name": "web-1"}))
    assert client.calls == []


def test_WHEN_an_address_is_private_and_public_THEN_its_instance_comes_once() -> None:
    client = FakeClient("ec2").answers("describe_instances", answer_of(ONE))
    client.pages("describe_network_interfaces", [{}])
    assert ids(ec2.list_instances(fake_provider(ec2=client), ip="10.0.0.7")) == [ONE]


def test_WHEN_an_address_is_IPv6_THEN_one_call_asks_for_it() -> None:
    client = FakeClient("ec2").answers("describe_instances", answer_of(ONE))
    assert ids(ec2.list_instances(fake_provider(ec2=client), ip="2001:db8::7")) == [ONE]
    [call] = client.calls
    assert call.parameters["Filters"] == [
        {"Name": "network-interface.ipv6-addresses.ipv6-address", "Values": ["2001:db8::7"]}
    ]


def test_WHEN_instances_are_asked_for_by_id_AND_some_are_not_there_THEN_all_of_those_are_named(
    aws_provider: AwsClientProvider,
) -> None:
    there = run_instance(aws_provider, Name="web-1")
    with pytest.raises(ec2.InstanceDoesNotExist) as caught:
        ec2.get_instances([ONE, there, TWO], aws_provider)
    assert caught.value.instance_ids == (ONE, TWO)
    assert isinstance(caught.value, NotFound)
    with pytest.raises(ec2.InstanceDoesNotExist, match=ONE):
        ec2.get_instance(ONE, aws_provider)
    with pytest.raises(ec2.InstanceDoesNotExist, match=ONE):
        ec2.is_protected_from_termination(ONE, aws_provider)
    assert ids(ec2.get_instances([there, there], aws_provider)) == [there, there]


def test_WHEN_an_instance_is_protected_THEN_that_is_told(aws_provider: AwsClientProvider) -> None:
    instance_id = run_instance(aws_provider, Name="web-1")
    assert not ec2.is_protected_from_termination(instance_id, aws_provider)
    aws_provider.get_ec2().modify_instance_attribute(
        InstanceId=instance_id, DisableApiTermination={"Value": True}
    )
    assert ec2.is_protected_from_termination(instance_id, aws_provider)


def test_WHEN_access_is_denied_THEN_the_action_is_named_AND_a_bare_mock_will_do() -> None:
    provider = mock.Mock()
    provider.get_ec2.return_value = FakeClient("ec2").raises(
        "describe_instances", code="UnauthorizedOperation", status=403
    )
    with pytest.raises(AccessDenied) as caught:
        list(ec2.list_instances(provider))
    assert caught.value.iam_actions == ("ec2:DescribeInstances",)


def test_WHEN_an_id_is_malformed_THEN_it_is_invalid_input() -> None:
    client = FakeClient("ec2").raises("describe_instance_attribute", code="InvalidInstanceID.Malformed")
    with pytest.raises(InvalidInput):
        ec2.is_protected_from_termination("i-nonsense", fake_provider(ec2=client))


def test_WHEN_every_public_name_is_asked_for_THEN_it_is_there_AND_another_is_not() -> None:
    for name in ec2.__all__:
        assert getattr(ec2, name).__name__ == name
    assert set(ec2.__all__) == set(dir(ec2))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        ec2.nothing  # noqa: B018 - it is the asking that is tried
