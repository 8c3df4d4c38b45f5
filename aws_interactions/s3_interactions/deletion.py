"""Deleting a batch, with the failures that S3 reports inside a 200 answer."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from aws_interactions.aws_errors import error_code
from aws_interactions.s3_interactions.object_records import DeletedObject, ObjectFailure

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_BATCH = 1000

Identifier = Mapping[str, str]


def delete_batch(
    bucket_name: str, identifiers: Sequence[Identifier], client: "S3Client"
) -> tuple[list[DeletedObject], list[ObjectFailure]]:
    """Delete up to 1000 objects or versions, each a dict of Key and maybe VersionId (DeleteObjects).

    The batch travels as XML 1.0, which cannot hold every key that S3 can: those go one by one.
    """
    batch = [identifier for identifier in identifiers if _fits_xml(identifier["Key"])]
    alone = [identifier for identifier in identifiers if not _fits_xml(identifier["Key"])]
    deleted: list[DeletedObject] = []
    failures: list[ObjectFailure] = []
    untyped: Any = client
    if batch:
        answer = untyped.delete_objects(Bucket=bucket_name, Delete={"Objects": batch})
        deleted += [_deleted(item) for item in answer.get("Deleted", [])]
        failures += [_failure(item) for item in answer.get("Errors", [])]
    for identifier in alone:
        try:
            untyped.delete_object(Bucket=bucket_name, **identifier)
        except ClientError as error:
            if error_code(error) == "NoSuchBucket":
                raise
            failures.append(_failure({**identifier, **error.response.get("Error", {})}))
        else:
            deleted.append(DeletedObject(identifier["Key"], identifier.get("VersionId")))
    return deleted, failures


def _fits_xml(key: str) -> bool:
    # A carriage return would fit, but arrives as a line feed: another key.
    return all(
        character in "\t\n"
        or " " <= character <= "\ud7ff"
        or "\ue000" <= character <= "\ufffd"
        or character >= "\U00010000"
        for character in key
    )


def _deleted(item: Mapping[str, Any]) -> DeletedObject:
    return DeletedObject(item["Key"], item.get("VersionId"), item.get("DeleteMarkerVersionId"))


def _failure(item: Mapping[str, Any]) -> ObjectFailure:
    return ObjectFailure(
        item.get("Key", ""), item.get("VersionId"), item.get("Code", ""), item.get("Message", "")
    )
