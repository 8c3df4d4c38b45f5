"""Values that changes name and never carry."""

import os
import pickle
from pathlib import Path

import pytest

from aws_interactions.aws_errors import Conflict
from aws_interactions.local_files import CantReadFile, CantReadFileDoesntExist, CantReadFileLackPermission
from aws_interactions.secrets_interactions import SecretTooLarge, SecretValue
from aws_operations.secrets.held_values import (
    HeldValue,
    ValueNotHeld,
    ValueSource,
    held_value,
    is_value_held,
    value_of_bytes,
    value_of_file,
)

VALUE = SecretValue("held Sentinel")


def test_WHEN_a_value_is_held_THEN_its_reference_finds_it_AND_tells_only_where_it_came_from() -> None:
    held = HeldValue.of(VALUE, source="/run/secrets:one")
    assert held_value(held.ref) is VALUE
    assert is_value_held(held.ref)
    assert held.ref.endswith(":/run/secrets:one")
    assert "Sentinel" not in f"{held!r}{held.ref}"
    assert HeldValue.of(VALUE).ref != HeldValue.of(VALUE).ref
    _ = held.value
    with pytest.raises((TypeError, AttributeError)):
        pickle.dumps(held)


def test_WHEN_a_value_is_not_held_any_more_THEN_the_error_says_where_it_came_from() -> None:
    held = HeldValue.of(VALUE, source="standard input")
    held.release()
    held.release()
    with pytest.raises(ValueNotHeld, match="from standard input") as caught:
        held_value(held.ref)
    assert isinstance(caught.value, Conflict)
    assert caught.value.ref == held.ref
    assert not is_value_held(held.ref)
    for ref in (None, "held:no such"):
        with pytest.raises(ValueNotHeld):
            held_value(ref)


@pytest.mark.parametrize(
    "source",
    [
        ValueSource("standard input"),
        ValueSource("the prompt", is_binary=True),
        ValueSource("/a:b/c", is_file=True),
        ValueSource("/a:b/\udcff", is_file=True, is_binary=True),
    ],
    ids=["piped", "typed", "file", "binary file"],
)
def test_WHEN_another_process_has_the_reference_THEN_it_knows_the_source_AND_can_hold_the_value_again(
    source: ValueSource,
) -> None:
    held = HeldValue(lambda: SecretValue("theirs"), source=source)
    held.release()

    assert ValueSource.of_ref(held.ref) == source
    again = HeldValue(lambda: VALUE, source=source, ref=held.ref)
    assert again.ref == held.ref
    assert held_value(held.ref) is VALUE
    again.release()


@pytest.mark.parametrize("ref", [None, "", "held:only", "/a/path", "stale:a:file:b"])
def test_WHEN_a_reference_is_of_something_else_THEN_there_is_no_source(ref: str | None) -> None:
    assert ValueSource.of_ref(ref) is None


def test_WHEN_a_value_is_needed_often_THEN_it_is_read_once_AND_so_is_one_that_cannot_be() -> None:
    reads: list[str] = []

    def read() -> SecretValue:
        reads.append("read")
        return VALUE

    def fail() -> SecretValue:
        reads.append("failed")
        raise ValueError("not to be had")

    held = HeldValue(read, source="a test")
    assert reads == []
    assert held.value is held.value is VALUE
    broken = HeldValue(fail, source="a test")
    for _ in range(2):
        with pytest.raises(ValueError, match="not to be had"):
            _ = broken.value
    assert reads == ["read", "failed"]


@pytest.mark.parametrize(
    ("data", "revealed"),
    [(b"text\n", "text\n"), ("é\0".encode(), "é\0"), (b"\xff\n", b"\xff\n"), (b"", ""), (b"\r\n", "\r\n")],
)
def test_WHEN_bytes_become_a_value_THEN_text_is_text_AND_anything_else_stays_bytes(
    data: bytes, revealed: str | bytes
) -> None:
    assert value_of_bytes(data).reveal() == revealed
    assert value_of_bytes(data, is_binary=True).reveal() == data


def test_WHEN_a_file_is_read_THEN_it_is_exact_AND_too_large_a_one_is_refused_without_all_of_it(
    tmp_path: Path,
) -> None:
    file = tmp_path / "value"
    file.write_bytes(b"line\r\n")
    assert value_of_file(file).reveal() == "line\r\n"
    file.write_bytes(b"a" * 200_000)
    value = value_of_file(file, is_binary=True)
    assert len(value.reveal()) == 65_537
    with pytest.raises(SecretTooLarge):
        value.check_size()


def test_WHEN_a_file_is_a_pipe_THEN_its_bytes_are_the_value() -> None:
    read_end, write_end = os.pipe()
    try:
        os.write(write_end, b"from a pipe")
        os.close(write_end)
        assert value_of_file(Path(f"/dev/fd/{read_end}")).reveal() == "from a pipe"
    finally:
        os.close(read_end)


def test_WHEN_a_file_cannot_be_read_THEN_the_error_says_why(tmp_path: Path) -> None:
    with pytest.raises(CantReadFileDoesntExist):
        value_of_file(tmp_path / "none")
    with pytest.raises(CantReadFile, match="directory"):
        value_of_file(tmp_path)
    with pytest.raises(CantReadFile):
        value_of_file(Path("a\0b"))
    if os.geteuid() != 0:
        closed = tmp_path / "closed"
        closed.touch(0)
        with pytest.raises(CantReadFileLackPermission):
            value_of_file(closed)
