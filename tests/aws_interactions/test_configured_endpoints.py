from pathlib import Path

import pytest

from aws_interactions.aws_errors import CredentialsProblem
from aws_interactions.configured_endpoints import configured_endpoints, fingerprint_of_endpoints

CONFIG = """
[profile plain]
region = us-east-1

[profile local]
endpoint_url = http://127.0.0.1:4566
services = odd

[services odd]
s3 =
  endpoint_url = http://127.0.0.1:9000
ec2 =
  addressing_style = path
"""


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config"
    path.write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))


def test_WHEN_nothing_is_configured_THEN_there_are_no_endpoints_and_no_fingerprint() -> None:
    assert configured_endpoints("plain") == {}
    assert fingerprint_of_endpoints("plain") is None


def test_WHEN_a_profile_has_endpoints_THEN_they_are_found_by_service() -> None:
    assert configured_endpoints("local") == {"": "http://127.0.0.1:4566", "S3": "http://127.0.0.1:9000"}


def test_WHEN_variables_name_endpoints_THEN_they_win_as_in_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    by_service = configured_endpoints("local")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:2")

    assert by_service == {"": "http://127.0.0.1:4566", "S3": "http://127.0.0.1:1"}
    assert configured_endpoints("local") == {"": "http://127.0.0.1:2", "S3": "http://127.0.0.1:1"}


def test_WHEN_configured_endpoints_are_to_be_ignored_THEN_there_are_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:2")
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")

    assert configured_endpoints("local") == {}


def test_WHEN_endpoints_differ_THEN_their_fingerprints_do_AND_say_nothing_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_file = fingerprint_of_endpoints("local")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://jane:password@127.0.0.1:2")
    variable = fingerprint_of_endpoints("local")

    assert None not in {in_file, variable}
    assert in_file != variable
    assert "password" not in str(variable)


def test_WHEN_the_profile_does_not_exist_THEN_it_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = configured_endpoints("nobody")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:2")

    assert nothing == {}
    assert configured_endpoints("nobody") == {"": "http://127.0.0.1:2"}


def test_WHEN_the_file_cannot_be_read_as_such_THEN_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile plain", encoding="utf-8")

    with pytest.raises(CredentialsProblem, match="the AWS configuration"):
        configured_endpoints("plain")
