"""``policy from`` and ``policy check``, as the real program."""

import json
import shlex
from pathlib import Path

import pytest

from commands.command_tree import every_verb
from tests.commands.command_cases.policy import CASES
from tests.support.program import run_program
from tests.support.recordings import call_line, write_recording

VERBS = dict(every_verb())
BASE = "the default credentials"
ROLE = "arn:aws:iam::111122223333:role/operator"
SAMPLE = "samples-123456789012-us-east-1"


def put(key: str, **what: str) -> dict[str, object]:
    resources = [f"arn:aws:s3:::logs/{key}"]
    return call_line("s3", "PutObject", {"Bucket": "logs", "Key": key}, resources=resources, **what)


def test_WHEN_a_recording_is_given_THEN_its_policy_alone_is_on_standard_output(
    environment: dict[str, str], tmp_path: Path
) -> None:
    write_recording(tmp_path / "calls.jsonl", put("café\x1b[2J"), put("b"))
    done = run_program(["policy", "from", "calls.jsonl"], environment, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.startswith("warning: ")
    assert "arn:aws:s3:::logs/café*[2J" in done.stderr
    assert done.stderr.count("\n") == 1
    (statement,) = json.loads(done.stdout)["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Action": ["s3:PutObject"],
        "Resource": ["arn:aws:s3:::logs/b", "arn:aws:s3:::logs/café*[2J"],
    }


def test_WHEN_several_acted_THEN_it_is_a_usage_error_that_names_them_AND_one_can_be_chosen(
    environment: dict[str, str], tmp_path: Path
) -> None:
    write_recording(tmp_path / "calls.jsonl", put("a"), put("b", identity=ROLE))
    done = run_program(["policy", "from", "calls.jsonl"], environment, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f"there are: {BASE}, {ROLE}\n")
    assert done.stderr.count("\n") == 1
    chosen = run_program(["policy", "from", "calls.jsonl", "--identity", ROLE], environment, cwd=tmp_path)
    assert (chosen.returncode, chosen.stderr) == (0, "")
    assert json.loads(chosen.stdout)["Statement"][0]["Resource"] == ["arn:aws:s3:::logs/b"]


def test_WHEN_the_policy_is_doubtful_THEN_it_is_printed_AND_warned_about(
    environment: dict[str, str], tmp_path: Path
) -> None:
    denied = put("denied") | {"outcome": "error", "code": "AccessDenied", "status": 403}
    many = [put(f"{'long' * 20}/{number}") for number in range(100)]
    unknown = call_line("s3", "GetBucketAcl", {"Bucket": "logs"}, resources=["*"])
    key = {"Name": "db", "KmsKeyId": "alias/own"}
    keyed = call_line("secretsmanager", "CreateSecret", key, resources=["*"])
    nowhere = call_line(
        "ec2", "StopInstances", {}, resources=["arn:aws:ec2:r-1:*:instance/i-1"], account=None
    )
    other = put("b") | {"account": "444455556666"}
    write_recording(tmp_path / "calls.jsonl", denied, unknown, keyed, nowhere, other, *many)
    done = run_program(["policy", "from", "calls.jsonl"], environment, cwd=tmp_path)
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["Statement"]) == 4
    refused, guessed, keys, account, large = done.stderr.splitlines()
    assert "s3 PutObject" in refused
    assert "record it again" in refused
    assert "s3 GetBucketAcl" in guessed
    assert "alias/own" in keys
    assert "* stands for it in their ARNs" in account
    assert "6144" in large


@pytest.mark.parametrize("words", ["policy from", "policy check"])
@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("absent.jsonl", "doesn't exist"),
        ("other.txt", "no recording"),
        ("empty.jsonl", "no call"),
        (".", "can't"),
    ],
)
def test_WHEN_the_file_is_of_no_use_THEN_that_is_said_AND_AWS_is_not_asked(
    words: str, file: str, part: str, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "other.txt").write_text("{}\n", encoding="utf-8")
    write_recording(tmp_path / "empty.jsonl")
    # Nobody listens there.
    nowhere = {**environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "us-east-1"}
    done = run_program([*words.split(), file], nowhere, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("\n") == 1
    assert part in done.stderr


def test_WHEN_the_examples_are_run_after_a_recording_THEN_they_work(
    sandbox_environment: dict[str, str], tmp_path: Path
) -> None:
    record = ["s3", "ls", SAMPLE, "--record", "calls.jsonl"]
    assert run_program(["--sandbox", *record], sandbox_environment, cwd=tmp_path).returncode == 0
    example = shlex.split(VERBS["policy from"].example)[1:]
    done = run_program(example, sandbox_environment, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    (statement,) = json.loads(done.stdout)["Statement"]
    assert statement["Action"] == ["s3:ListBucket"]
    assert statement["Resource"] == [f"arn:aws:s3:::{SAMPLE}"]
    # The sandbox simulates no policies, and says so.
    asked = shlex.split(VERBS["policy check"].example)[1:]
    as_nobody = ["policy", "check", "calls.jsonl"]
    for words, who in ((asked, "arn:aws:iam::111122223333:role/operator"), (as_nobody, "arn:aws:sts::")):
        refused = run_program(["--sandbox", *words], sandbox_environment, cwd=tmp_path)
        assert refused.returncode == 4
        said = f"the sandbox simulates no policies; only AWS itself tells what {who}"
        assert said in refused.stderr
        assert "correct the value" not in refused.stderr
    assert CASES.keys() == {"policy check"}
