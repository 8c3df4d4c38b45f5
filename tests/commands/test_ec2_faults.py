"""EC2 writes that go wrong on the way, as an operator sees them; on instances of the test's own."""

import json
import subprocess
from typing import Any

import pytest

from aws_interactions import ec2_interactions
from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from tests.support.ec2_things import run_instance
from tests.support.loopback_proxy import Answer, Fault, Hangup, LoopbackProxy, SeenRequest
from tests.support.program import run_program

OPTIONS = ["--yes", "--output", "json", "--max-attempts", "1"]


@pytest.fixture
def aws(sandbox_endpoint: str) -> AwsClientProvider:
    """Give a provider that goes round the proxy."""
    keys = AccessKeys("sandbox-home", "sandbox-home-secret")
    return AwsClientProvider(aws_region="us-east-1", access_keys=keys, endpoint_url=sandbox_endpoint)


def ec2_error(code: str, message: str) -> Answer:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    body = f"<Response><Errors>{error}</Errors><RequestID>r-1</RequestID></Response>"
    return Answer(400, body.encode(), {"Content-Type": "text/xml"})


def rows(done: subprocess.CompletedProcess[str]) -> list[Any]:
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def states(aws: AwsClientProvider, *ids: str) -> list[str]:
    return [str(found.state) for found in ec2_interactions.get_instances(ids, aws)]


@pytest.mark.parametrize(
    ("verb", "state"), [("stop", "stopped"), ("terminate", "terminated"), ("tag", "running")]
)
def test_WHEN_a_write_is_done_AND_its_answer_is_lost_THEN_reading_back_finds_it_applied(
    verb: str,
    state: str,
    aws: AwsClientProvider,
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    name = run_instance(aws)
    proxy.disturb = lambda request: None if request.changes_nothing else Hangup(after_work=True)
    added = ["team=ops"] if verb == "tag" else []
    done = run_program(["ec2", verb, name, *added, *OPTIONS], proxied_environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert [row["status"] for row in rows(done)] == ["applied"]
    assert states(aws, name) == [state]
    assert len(proxy.writes) == 1


@pytest.mark.parametrize("verb", ["stop", "reboot"])
def test_WHEN_a_write_and_its_answer_are_lost_THEN_the_outcome_is_unknown(
    verb: str, aws: AwsClientProvider, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    name = run_instance(aws)
    proxy.disturb = lambda request: None if request.changes_nothing else Hangup()
    done = run_program(["ec2", verb, name, "--yes", "--output", "json"], proxied_environment)
    assert done.returncode == 7, done.stderr
    assert [row["status"] for row in rows(done)] == ["unknown"]
    assert "the outcome is unknown" in done.stderr
    if verb == "reboot":
        assert len(proxy.writes) == 1


def test_WHEN_one_zone_of_a_termination_is_refused_THEN_the_result_tells_exactly_which_went(
    aws: AwsClientProvider, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    ids = [run_instance(aws, az=f"us-east-1{zone}") for zone in "aabb"]
    reason = f"The instance '{ids[0]}' may not be terminated."

    def terminate_the_other_zone(request: SeenRequest) -> Fault | None:
        if request.operation != "TerminateInstances":
            return None
        ec2_interactions.terminate_instances(ids[2:], aws)
        return ec2_error("OperationNotPermitted", reason)

    proxy.disturb = terminate_the_other_zone
    done = run_program(["ec2", "terminate", *ids, *OPTIONS], proxied_environment)
    assert done.returncode == 5, done.stderr
    told = {row["resource"].rpartition("/")[2]: row for row in rows(done)}
    assert [told[name]["status"] for name in ids] == ["failed", "failed", "applied", "applied"]
    assert all(reason in told[name]["error"] for name in ids[:2])
    assert states(aws, *ids) == ["running", "running", "terminated", "terminated"]
    assert "2 applied" in done.stderr
    assert "2 failed" in done.stderr


def test_WHEN_a_protected_instance_is_to_be_terminated_THEN_it_is_refused_and_nothing_was_sent(
    aws: AwsClientProvider, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    name = run_instance(aws)
    client: Any = aws.get_ec2()
    client.modify_instance_attribute(InstanceId=name, DisableApiTermination={"Value": True})
    done = run_program(["ec2", "terminate", name, *OPTIONS], proxied_environment)
    assert done.returncode == 4
    assert "cannot terminate what is protected" in done.stderr
    assert f": {name} in us-east-1" in done.stderr
    assert done.stderr.count("\n") == 1
    assert proxy.writes == []


def test_WHEN_a_wait_is_too_long_THEN_that_is_unknown_and_says_what_was_seen_last(
    aws: AwsClientProvider, proxied_environment: dict[str, str]
) -> None:
    name = run_instance(aws)
    line = ["ec2", "wait", name, "--state", "stopped", "--timeout", "1", "--interval", "1"]
    done = run_program(line, proxied_environment)
    assert done.returncode == 7
    assert f"{name} was running after 1 seconds, not stopped" in done.stderr
    assert done.stdout == ""
