"""Changes where there is nothing to change: a region that is off says so, and is no success in silence."""

import json

import pytest

from tests.support.loopback_proxy import Answer, LoopbackProxy
from tests.support.program import run_program

Environment = dict[str, str]

REGION_IS_OFF = Answer(
    403,
    b"<Response><Errors><Error><Code>OptInRequired</Code><Message>You are not subscribed to this service."
    b"</Message></Error></Errors><RequestID>REQ4711EXAMPLE</RequestID></Response>",
    {"Content-Type": "text/xml"},
)
STOP = ["ec2", "stop", "web-1", "--yes", "--output", "json"]


@pytest.fixture(autouse=True)
def region_is_off(proxy: LoopbackProxy) -> None:
    proxy.disturb = lambda request: REGION_IS_OFF if request.operation == "DescribeInstances" else None


def test_WHEN_the_only_region_is_off_THEN_a_change_ends_as_an_error(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    done = run_program([*STOP, "--regions", "me-south-1"], proxied_environment)

    assert done.returncode == 4, done.stderr
    assert "region me-south-1 is not enabled in account 123456789012" in done.stderr
    assert proxy.writes == []


def test_WHEN_some_regions_are_off_THEN_it_is_said_how_many_targets_were_skipped(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    done = run_program([*STOP, "--regions", "me-south-1,ap-east-1"], proxied_environment)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
    assert "2 of 2 targets skipped (region me-south-1 is not enabled in account 123456789012; " in done.stderr
    assert proxy.writes == []
