import json
import logging
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.utils import JSONFileCache

from aws_interactions.credential_cache import CredentialCache, cache_key_of, seconds_left


def answer_ending_in(seconds: float) -> dict[str, object]:
    return {
        "Credentials": {
            "AccessKeyId": "ASIA1",
            "SecretAccessKey": "secret",
            "SessionToken": "token",
            "Expiration": datetime.now(UTC) + timedelta(seconds=seconds),
        },
        "AssumedRoleUser": {"Arn": "arn:aws:sts::111122223333:assumed-role/operator/s"},
    }


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "credentials"


def test_WHEN_keeping_THEN_only_the_owner_can_read_it(folder: Path) -> None:
    CredentialCache(folder)["key"] = answer_ending_in(3600)
    assert mode_of(folder) == 0o700
    assert [mode_of(path) for path in folder.iterdir()] == [0o600]


def test_WHEN_keeping_AND_the_folder_was_open_to_others_THEN_it_is_closed(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o755)
    CredentialCache(folder)["key"] = answer_ending_in(3600)
    assert mode_of(folder) == 0o700


def test_WHEN_keeping_THEN_the_aws_commands_own_cache_reads_it_and_the_reverse(folder: Path) -> None:
    CredentialCache(folder)["ours"] = answer_ending_in(3600)
    JSONFileCache(str(folder))["theirs"] = answer_ending_in(3600)
    assert JSONFileCache(str(folder))["ours"]["Credentials"]["AccessKeyId"] == "ASIA1"
    theirs = CredentialCache(folder)["theirs"]
    assert 3590 < seconds_left(theirs) <= 3600


@pytest.mark.parametrize(
    "ending", ["2031-01-02T03:04:05Z", "2031-01-02T03:04:05UTC", "2031-01-02T03:04:05+00:00"]
)
def test_WHEN_reading_AND_the_time_is_in_any_usual_form_THEN_it_is_understood(
    folder: Path, ending: str
) -> None:
    answer = answer_ending_in(0)
    answer["Credentials"] |= {"Expiration": ending}  # type: ignore[operator] # a dict in this test
    folder.mkdir(parents=True)
    (folder / "key.json").write_text(json.dumps(answer))
    assert "key" in CredentialCache(folder)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"Credentials": {"AccessKeyId": "A", "SecretAcc',
        b"[]",
        b"null",
        b'{"Credentials": []}',
        b'{"Credentials": {"AccessKeyId": "A", "SecretAccessKey": "S", "SessionToken": "T"}}',
        b'{"Credentials": {"AccessKeyId": "A", "SecretAccessKey":"S", "SessionToken":"T","Expiration": 5}}',
        (
            b'{"Credentials": {"AccessKeyId": "A", "SecretAccessKey": "S", "SessionToken": "T",'
            b' "Expiration": "2031-01-02T03:04:05"}}'
        ),
        (
            b'{"Credentials": {"AccessKeyId": 1, "SecretAccessKey": "S", "SessionToken": "T",'
            b' "Expiration": "2031-01-02T03:04:05Z"}}'
        ),
        b"\xff\xfe\x00garbage",
        b"[" * 100_000,
    ],
)
def test_WHEN_reading_AND_the_file_is_torn_or_foreign_THEN_it_is_as_good_as_absent(
    folder: Path, content: bytes
) -> None:
    folder.mkdir(parents=True)
    (folder / "key.json").write_bytes(content)
    cache = CredentialCache(folder)
    assert "key" not in cache
    with pytest.raises(KeyError):
        cache["key"]
    cache["key"] = answer_ending_in(3600)
    assert "key" in cache


def test_WHEN_keeping_AND_the_folder_cannot_be_made_THEN_a_warning_and_nothing_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = CredentialCache(tmp_path / "file" / "credentials")
    with caplog.at_level(logging.WARNING):
        cache["key"] = answer_ending_in(3600)
    assert "credentials are not kept" in caplog.text
    assert "secret" not in caplog.text
    assert "key" not in cache


def test_WHEN_keeping_AND_the_key_is_taken_by_a_folder_THEN_no_temporary_file_stays(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "key.json" / "child").mkdir(parents=True)
    CredentialCache(folder)["key"] = answer_ending_in(3600)
    assert [path.name for path in folder.iterdir()] == ["key.json"]
    assert "credentials are not kept" in caplog.text


def test_WHEN_deleting_THEN_it_is_gone_and_again_is_fine(folder: Path) -> None:
    cache = CredentialCache(folder)
    cache["key"] = answer_ending_in(3600)
    del cache["key"]
    del cache["key"]
    assert "key" not in cache


def test_WHEN_making_keys_THEN_each_part_counts_and_they_are_file_safe() -> None:
    keys = {cache_key_of("a", "b"), cache_key_of("ab"), cache_key_of("a", "c"), cache_key_of("../a", "b")}
    assert len(keys) == 4
    assert all(key.isalnum() for key in keys)
