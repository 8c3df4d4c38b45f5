import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.s3_interactions import UnsafeObjectKey, safe_local_path

HOSTILE_PARTS = st.sampled_from(
    ["..", ".", "", "a", "\0", "\x1b", "x" * 256, "\udc80", "out", "~", "\\", "C:"]
)
KEYS = st.one_of(st.text(max_size=60), st.lists(HOSTILE_PARTS, max_size=6).map("/".join))


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        ".",
        "..",
        "../x",
        "/../x",
        "a/../../x",
        "a//b",
        "/etc/passwd",
        "a/",
        "a/./b",
        "a\0b",
        "a\nb",
        "\x1b[2J",
        "a\x7f",
        "a\x85b",
        "x" * 256,
        "\udc80",
    ],
)
def test_WHEN_key_is_unsafe_THEN_it_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(UnsafeObjectKey) as caught:
        safe_local_path(tmp_path, key)
    assert caught.value.key == key
    assert isinstance(caught.value, InvalidInput)


@pytest.mark.parametrize("key", ["a", "a/b/c.txt", "...", "..a", "a b", "naïve/日本", "-rf", "~", "a\\b"])
def test_WHEN_key_is_ordinary_THEN_it_is_a_path_in_the_directory(tmp_path: Path, key: str) -> None:
    assert safe_local_path(tmp_path, key) == tmp_path / key


@given(key=KEYS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_WHEN_key_is_anything_THEN_it_stays_inside_or_is_refused(tmp_path: Path, key: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir(exist_ok=True)
    if not (inside / "out").is_symlink():
        (inside / "out").symlink_to(tmp_path)
    try:
        path = safe_local_path(inside, key)
    except UnsafeObjectKey:
        return
    real_path = os.path.realpath(path)
    assert real_path.startswith(f"{os.path.realpath(inside)}/")
    assert path.relative_to(inside).as_posix() == key


def test_WHEN_link_leads_outside_THEN_keys_through_it_are_refused(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    (inside / "real").mkdir(parents=True)
    (inside / "out").symlink_to(tmp_path)
    (inside / "self").symlink_to(inside)
    (inside / "near").symlink_to(inside / "real")
    for key in ("out", "out/x", "self", "near/../../x"):
        with pytest.raises(UnsafeObjectKey):
            safe_local_path(inside, key)
    assert safe_local_path(inside, "near/x") == inside / "near" / "x"


def test_WHEN_the_directory_itself_is_a_link_THEN_it_is_the_directory_that_it_leads_to(
    tmp_path: Path,
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert safe_local_path(tmp_path / "link", "a") == tmp_path / "link" / "a"
