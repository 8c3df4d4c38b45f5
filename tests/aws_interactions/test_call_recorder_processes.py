"""Recordings that several processes share, that are killed, and of the calls that find credentials."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.call_recorder import CallRecorder
from aws_interactions.client_settings import ClientSettings
from aws_interactions.recorded_calls import read_recording
from tests.support.program import ROOT

CALLING = """
import sys
from pathlib import Path
from aws_interactions.call_recorder import CallRecorder
from tests.aws_interactions.simulated_time import Reply, SimulatedAws, SimulatedTime, prototypes_with
recorder = CallRecorder(Path(sys.argv[1]), arguments=sys.argv[2:])
aws = SimulatedAws(lambda _: Reply(), SimulatedTime())
client = aws.client(prototypes_with(recorder=recorder), sys.argv[2])
for _ in range(int(sys.argv[3])):
    client.describe_table(TableName="t" * 200)
"""


def calling(file_path: Path, account: str, times: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", CALLING, str(file_path), account, str(times)], cwd=ROOT)


def test_WHEN_processes_share_a_recording_THEN_every_line_is_whole(tmp_path: Path) -> None:
    file_path = tmp_path / "run.jsonl"
    processes = [calling(file_path, str(number), 200) for number in range(2)]
    assert [process.wait(timeout=30) for process in processes] == [0, 0]

    accounts = [str(call.account) for call in read_recording(file_path)]
    assert sorted(accounts) == ["0"] * 200 + ["1"] * 200


def test_WHEN_a_process_is_killed_THEN_what_it_did_is_there_and_the_next_one_goes_on(tmp_path: Path) -> None:
    file_path = tmp_path / "run.jsonl"
    process = calling(file_path, "1", 1_000_000)
    deadline = time.monotonic() + 20
    while (not file_path.exists() or file_path.stat().st_size < 20_000) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)
    before = len(list(read_recording(file_path)))

    assert before > 10
    assert calling(file_path, "2", 3).wait(timeout=30) == 0
    assert [call.account for call in read_recording(file_path)][before:] == ["2"] * 3


def test_WHEN_a_profile_assumes_a_role_THEN_that_call_is_recorded_without_its_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sts_endpoint: str
) -> None:
    role = "arn:aws:iam::111122223333:role/operator"
    config = tmp_path / "config"
    config.write_text(
        "[profile hub]\naws_access_key_id = AKIAHUB\naws_secret_access_key = hub-secret-value\n"
        f"[profile member]\nrole_arn = {role}\nsource_profile = hub\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    file_path = tmp_path / "run.jsonl"
    settings = ClientSettings(recorder=CallRecorder(file_path, with_answers=True))
    AwsClientProvider(
        "member", "eu-west-1", endpoint_url=sts_endpoint, client_settings=settings
    ).get_sts().get_caller_identity()

    assumed, *asked = read_recording(file_path)
    assert (assumed.operation, assumed.resources, assumed.region) == ("AssumeRole", (role,), "eu-west-1")
    assert assumed.identity == "the search for credentials"
    assert {call.operation for call in asked} == {"GetCallerIdentity"}
    assert {call.identity for call in asked} == {"profile member"}
    assert assumed.answer is not None
    assert assumed.answer["Credentials"]["SessionToken"] == "[redacted]"
