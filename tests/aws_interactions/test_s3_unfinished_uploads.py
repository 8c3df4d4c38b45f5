"""Uploads that never ended, and one level of a bucket."""

from typing import TYPE_CHECKING, Any

import pytest

from aws_interactions import s3_interactions as s3
from aws_interactions.testing import FakeClient, fake_provider

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider


def test_WHEN_a_level_is_listed_THEN_objects_and_deeper_levels_come_by_key(
    aws_provider: "AwsClientProvider",
) -> None:
    s3.create_bucket("logs", aws_provider)
    for key in ("a.txt", "b/1", "b/c/2", "c.txt", "other/3"):
        aws_provider.get_s3().put_object(Bucket="logs", Key=key, Body=b"1")

    found = [
        item.key if isinstance(item, s3.S3Object) else item
        for item in s3.list_bucket_level("logs", aws_provider)
    ]
    assert found == ["a.txt", s3.S3Level("b/"), "c.txt", s3.S3Level("other/")]

    [below, level] = s3.list_bucket_level("logs", aws_provider, prefix="b/")
    assert (getattr(below, "key", None), level) == ("b/1", s3.S3Level("b/c/"))


def test_WHEN_uploads_are_unfinished_THEN_they_are_listed_AND_their_parts_summed_up(
    aws_provider: "AwsClientProvider",
) -> None:
    s3.create_bucket("logs", aws_provider)
    client: Any = aws_provider.get_s3()
    upload_id = client.create_multipart_upload(Bucket="logs", Key="big/1")["UploadId"]
    client.create_multipart_upload(Bucket="logs", Key="other")
    for number, body in ((1, b"12345"), (2, b"123")):
        client.upload_part(Bucket="logs", Key="big/1", UploadId=upload_id, PartNumber=number, Body=body)

    [upload] = s3.list_unfinished_uploads("logs", aws_provider, prefix="big/")
    assert (upload.key, upload.upload_id, upload.storage_class) == ("big/1", upload_id, "STANDARD")
    assert s3.size_of_unfinished_upload("logs", upload, aws_provider) == 8

    client.abort_multipart_upload(Bucket="logs", Key="big/1", UploadId=upload_id)
    with pytest.raises(s3.S3ObjectDoesntExist):
        s3.size_of_unfinished_upload("logs", upload, aws_provider)


def test_WHEN_parts_may_not_be_listed_THEN_the_missing_action_is_named() -> None:
    client = FakeClient("s3").raises("list_parts", code="AccessDenied")
    upload = s3.UnfinishedUpload("k", "u", None, "STANDARD")
    with pytest.raises(s3.BucketAccessDenied, match="s3:ListMultipartUploadParts"):
        s3.size_of_unfinished_upload("logs", upload, fake_provider(s3=client))
