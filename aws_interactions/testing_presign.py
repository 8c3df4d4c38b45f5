"""URLs and forms that look presigned, the same each time."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from botocore.model import OperationModel

_CREDENTIAL = "fake-key/20200101/{region}/{service}/aws4_request"
_DATE = "20200101T000000Z"


def fake_url(
    service_name: str, aws_region: str, operation: OperationModel, parameters: Mapping[str, Any], seconds: int
) -> str:
    """Return a URL in the form of a presigned one of the operation."""
    signed = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": _CREDENTIAL.format(region=aws_region, service=service_name),
        "X-Amz-Date": _DATE,
        "X-Amz-Expires": seconds,
        "X-Amz-SignedHeaders": "content-type;host" if "ContentType" in parameters else "host",
        "X-Amz-Signature": "fake",
    }
    if service_name == "s3" and "Bucket" in parameters:
        host, path = _bucket_host(aws_region, parameters["Bucket"]), quote(str(parameters.get("Key", "")))
        return f"https://{host}/{path}?{urlencode(signed)}"
    query = {"Action": operation.name, **{name: str(value) for name, value in parameters.items()}, **signed}
    return f"https://{service_name}.{aws_region}.amazonaws.com/?{urlencode(query)}"


def fake_post(aws_region: str, bucket_name: str, key: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """Return a form in the shape of ``generate_presigned_post``'s."""
    signed = {
        "key": key,
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": _CREDENTIAL.format(region=aws_region, service="s3"),
        "x-amz-date": _DATE,
        "policy": "fake",
        "x-amz-signature": "fake",
    }
    return {"url": f"https://{_bucket_host(aws_region, bucket_name)}/", "fields": {**fields, **signed}}


def _bucket_host(aws_region: str, bucket_name: str) -> str:
    return f"{bucket_name}.s3.{aws_region}.amazonaws.com"
