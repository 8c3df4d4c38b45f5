from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from s3transfer.manager import TransferManager

from aws_interactions.transfer_events import keep_transfers_classic
from tests.aws_interactions.recording_aws import bind, credentials_of, identity_in, recording_aws

METHODS = ("upload_file", "download_file", "copy", "upload_fileobj", "download_fileobj")


def test_WHEN_a_transfer_manager_is_made_on_bound_clients_THEN_it_works_and_signs_as_each_target(
    tmp_path: Path,
) -> None:
    source = tmp_path / "source"
    source.write_text("x")
    with recording_aws() as aws:
        prototypes = aws.prototypes()
        for account in ("1", "2"):
            with TransferManager(bind(prototypes, account)) as manager:
                manager.upload(str(source), "bucket", "key").result()

    assert [request.access_key_id for request in aws.requests] == ["KEY1", "KEY2"]


def test_WHEN_uploading_with_progress_THEN_each_byte_is_counted_once(tmp_path: Path) -> None:
    # Signing and checksums read the body too; the handlers keep these reads out of the progress.
    source = tmp_path / "source"
    source.write_bytes(b"x" * 1000)
    counted: list[int] = []
    with recording_aws() as aws:
        resource = s3_resource(aws)
        resource.Bucket("bucket").upload_file(str(source), "key", Callback=counted.append)

    assert sum(counted) == 1000


@pytest.mark.parametrize("engine", ["crt", "auto", "classic", None])
def test_WHEN_another_transfer_engine_is_asked_for_THEN_boto3s_python_one_is_used(engine: str | None) -> None:
    engines: list[str] = []

    def transfer(self: object, Filename: str, Config: Any = None) -> None:  # noqa: ARG001, N803 - boto3's names
        engines.append(Config.preferred_transfer_client)

    session = FakeSession()
    keep_transfers_classic(session)
    attributes: dict[str, Any] = dict.fromkeys(METHODS, transfer)
    session.handler(class_attributes=attributes)
    config = TransferConfig(preferred_transfer_client=engine) if engine else None
    for method in METHODS:
        attributes[method](object(), "file", Config=config)

    assert engines == ["classic"] * len(METHODS)
    assert config is None or config.preferred_transfer_client == engine


class FakeSession:
    """Takes the one handler that is registered."""

    handler: Any

    def register(self, event_name: str, handler: Any) -> None:
        assert event_name == "creating-client-class.s3"
        self.handler = handler


def s3_resource(aws: Any) -> Any:
    return aws.prototypes().bind_resource(
        "s3", "eu-west-1", credentials=credentials_of("1"), identity=identity_in("1"), read_only=False
    )


def test_WHEN_botocore_or_boto3_moves_a_seam_of_transfers_THEN_this_fails() -> None:
    with recording_aws() as aws:
        client = s3_resource(aws).meta.client

    assert all(hasattr(type(client), method) for method in METHODS)
    assert {"s3upload-not-transferring", "s3upload-transferring"} <= client.meta.events._known_ids
