"""How the command lines of ``ec2`` are understood; nothing is sent."""

from functools import partial

import pytest

from aws_interactions.ec2_interactions import InstanceState
from aws_interactions.ec2_interactions.instance_waits import WAITABLE
from commands.ec2 import STATES, STATES_TO_WAIT_FOR
from tests.support import command_lines

understand = partial(command_lines.understand, "ec2")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["show"], ["Missing argument 'INSTANCE...'"]),
        (["stop"], ["Missing argument 'INSTANCE...'"]),
        (["list", "--state", "on"], ["'on' is not one of 'pending', 'running'"]),
        (["list", "--tag", "role"], ["'role' is not NAME=VALUE"]),
        (["list", "--ip", "10.0.0"], ["'10.0.0' is not an IPv4 or IPv6 address"]),
        (["wait", "web-1", "--state", "pending"], ["'pending' is not one of"]),
        (["wait", "web-1", "--timeout", "soon"], ["is not a time to wait"]),
        (["tag", "team=ops"], ["no resource is named"]),
        (["tag", "web-1"], ["no tag is named"]),
        (["tag", "web-1", "a=1", "a=2"], ["tag 'a' is given twice"]),
        (["tag", "web-1", "a=1", "--remove", "a"], ["tag 'a' is given twice"]),
        (["tag", "web-1", "=1"], ["'=1' is not NAME=VALUE"]),
        (["subnets", "subnet-1", "--vpc", "main"], ["--vpc goes with a list of all"]),
        (["enis", "eni-1", "--subnet", "a"], ["--subnet goes with a list of all"]),
        (["volumes", "vol-1", "--instance", "web-1"], ["--instance goes with a list of all"]),
        (["security-groups", "web", "--vpc", "main"], ["--vpc goes with a list of all"]),
        (["describe-instances"], ["ec2 list"]),
        (["terminate-instances"], ["ec2 terminate"]),
    ],
)
def test_WHEN_a_command_line_makes_no_sense_THEN_it_is_a_usage_error_that_says_why(
    arguments: list[str], parts: list[str]
) -> None:
    result, work = understand(*arguments)
    assert (result.exit_code, work) == (2, None), result.output
    shown = " ".join(result.output.split())
    for part in parts:
        assert part in shown


def test_WHEN_a_list_has_conditions_THEN_tags_of_one_name_are_values_of_which_any_will_do() -> None:
    line = ["--tag", "role=web", "--tag", "role=db", "--tag", "stage=", "--state", "Running", "--ip", "::1"]
    _, work = understand("list", *line, "--name", "web-*", "--vpc", "main")
    assert work.keywords == {
        "states": ("running",),
        "tags": {"role": ["web", "db"], "stage": [""]},
        "name": "web-*",
        "vpc": "main",
        "ip": "::1",
    }


def test_WHEN_words_are_to_be_tagged_THEN_those_with_an_equals_sign_are_tags() -> None:
    _, work = understand("tag", "web-1", "a=b=c", "tag:role=web", "empty=", "--remove", "x", "--remove", "y")
    assert work.args == (("web-1", "tag:role=web"),)
    assert work.keywords == {"add": {"a": "b=c", "empty": ""}, "remove": ("x", "y")}


def test_WHEN_states_are_offered_THEN_they_are_those_of_the_library() -> None:
    assert tuple(InstanceState) == STATES
    assert STATES_TO_WAIT_FOR == WAITABLE


def test_WHEN_waiting_THEN_times_have_units_and_running_is_what_is_waited_for() -> None:
    _, work = understand("wait", "web-1", "web-2", "--timeout", "5m", "--interval", "5")
    assert work.args == (("web-1", "web-2"), "running")
    assert work.keywords == {"timeout": 300, "interval": 5}
