"""More objects than a page holds, without a request for each."""

from collections.abc import Iterable

from moto.s3.models import s3_backends

ACCOUNT = "123456789012"


def put_in_moto(bucket: str, keys: Iterable[str]) -> None:
    """Put small objects into a bucket of the moto server that runs in the tests' own process."""
    backend = s3_backends[ACCOUNT]["aws"]
    for key in keys:
        backend.put_object(bucket, key, b"1")
