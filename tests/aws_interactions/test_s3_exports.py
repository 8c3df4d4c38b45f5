"""The S3 package hands its names out when they are asked for."""

import subprocess
import sys

import pytest

from aws_interactions import s3_interactions


@pytest.mark.parametrize("name", s3_interactions.__all__)
def test_WHEN_a_public_name_is_asked_for_THEN_it_is_there(name: str) -> None:
    assert getattr(s3_interactions, name).__name__ == name


def test_WHEN_a_name_is_not_public_THEN_it_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_function"):
        s3_interactions.no_such_function  # type: ignore[attr-defined]  # noqa: B018 - that is the point


def test_WHEN_names_are_listed_THEN_they_are_the_public_ones() -> None:
    assert dir(s3_interactions) == sorted(s3_interactions.__all__)


def test_WHEN_a_bucket_is_looked_at_THEN_uploads_and_downloads_are_not_loaded() -> None:
    script = (
        "import sys\n"
        "from aws_interactions.s3_interactions import get_bucket_status\n"
        "loaded = [name for name in ('uploads', 'downloads', 'presigning', 'local_paths')\n"
        "          if f'aws_interactions.s3_interactions.{name}' in sys.modules]\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
