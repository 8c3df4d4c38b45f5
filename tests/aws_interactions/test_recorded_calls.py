"""Reading recordings: what comes back, what is passed over, and what is refused."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from aws_interactions.local_files import CantReadFile, CantReadFileDoesntExist
from aws_interactions.recorded_calls import BrokenRecording, NotARecording, read_recording

RUN = {
    "record": "run",
    "format": 1,
    "program": "manage-resources 0.1",
    "arguments": [],
    "began": "2026-01-01",
}


def call(**changes: Any) -> dict[str, Any]:
    return {
        "record": "call",
        "at": "2026-01-02T03:04:05.678901+00:00",
        "service": "s3",
        "operation": "PutObject",
        "account": "123456789012",
        "region": "eu-west-1",
        "identity": "profile ops",
        "resources": ["arn:aws:s3:::logs/a"],
        "parameters": {"Bucket": "logs", "Key": "a", "Body": {"$bytes": 3}},
        "request_id": "R1",
        "attempts": 2,
        "seconds": 0.25,
        "outcome": "ok",
        "code": None,
        "status": 200,
        **changes,
    }


def recording(path: Path, *entries: Any, torn: bytes = b"") -> Path:
    file_path = path / "run.jsonl"
    lines = [entry if isinstance(entry, bytes) else json.dumps(entry).encode() + b"\n" for entry in entries]
    file_path.write_bytes(b"".join(lines) + torn)
    return file_path


def test_WHEN_reading_AND_calls_were_recorded_THEN_each_comes_back(tmp_path: Path) -> None:
    presigned = {
        name: value
        for name, value in call(record="presigned").items()
        if name not in {"request_id", "attempts", "seconds", "outcome", "code", "status"}
    }
    first, second = read_recording(recording(tmp_path, RUN, call(answer={"ETag": "e"}), presigned))

    assert (first.service, first.operation, first.account, first.attempts) == (
        "s3",
        "PutObject",
        "123456789012",
        2,
    )
    assert first.resources == ("arn:aws:s3:::logs/a",)
    assert first.answer == {"ETag": "e"}
    assert first.at.year == 2026
    assert not first.is_presigned
    assert second.is_presigned
    assert (second.outcome, second.answer, second.status) == ("ok", None, None)


def test_WHEN_reading_AND_the_last_line_is_torn_THEN_it_is_passed_over_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    torn = json.dumps(call()).encode()[:50]
    with caplog.at_level(logging.WARNING):
        calls = list(read_recording(recording(tmp_path, RUN, call(), torn=torn)))

    assert len(calls) == 1
    assert "torn" in caplog.text


def test_WHEN_reading_AND_a_run_goes_on_after_a_torn_line_THEN_all_complete_calls_come_back(
    tmp_path: Path,
) -> None:
    calls = list(read_recording(recording(tmp_path, RUN, call(), b'{"record":"ca\n', RUN, call())))

    assert len(calls) == 2


def test_WHEN_reading_AND_another_process_went_on_behind_a_torn_line_THEN_all_complete_calls_come_back(
    tmp_path: Path,
) -> None:
    nested = call(parameters={"Item": {"record": "call"}})
    text = json.dumps(nested, separators=(",", ":"))
    behind = f"{text[:-3]}{text}\n".encode()

    calls = list(read_recording(recording(tmp_path, RUN, call(), behind, call())))

    assert [each.parameters == nested["parameters"] for each in calls] == [False, True, False]


def test_WHEN_reading_AND_a_line_in_the_middle_is_broken_THEN_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenRecording, match="line 2") as caught:
        list(read_recording(recording(tmp_path, RUN, b"oops\n", call())))

    assert caught.value.line_number == 2


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"record": "call"}, "no 'service'"),
        (call(at="yesterday"), "yesterday"),
        (call(parameters=[]), "no object"),
        (call(region=None), "no text"),
        ({"record": "song"}, "song"),
    ],
)
def test_WHEN_reading_AND_a_line_is_no_call_THEN_it_is_refused(
    tmp_path: Path, entry: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BrokenRecording, match=reason):
        list(read_recording(recording(tmp_path, RUN, entry)))


@pytest.mark.parametrize(
    "entries", [(), (b"hello\n",), ({"answer": 42},), (call(),), ({**RUN, "format": 2},)]
)
def test_WHEN_reading_AND_it_is_no_recording_THEN_it_is_refused(
    tmp_path: Path, entries: tuple[Any, ...]
) -> None:
    with pytest.raises(NotARecording):
        list(read_recording(recording(tmp_path, *entries)))


def test_WHEN_reading_AND_there_is_no_file_THEN_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(CantReadFileDoesntExist):
        list(read_recording(tmp_path / "none"))
    with pytest.raises(CantReadFile):
        list(read_recording(tmp_path))
