"""Many threads, several accounts, every route to a signature: no call is signed by another's key."""

import itertools
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from aws_interactions.bound_clients import ClientPrototypes
from tests.aws_interactions.recording_aws import (
    LIST_PAGE,
    Answer,
    Recorded,
    bind,
    credentials_of,
    identity_in,
    recording_aws,
)

THREADS = 32
ACCOUNTS = [f"{number:012d}" for number in range(1, 9)]
REGIONS = ("eu-west-1", "us-east-1")
first_tries = itertools.count()


def answer(request: Recorded) -> Answer:
    # Only first tries fail: by a count that all threads share, all tries of one call might.
    is_first_try = "attempt=1" in request.headers.get("amz-sdk-request", "")
    if is_first_try and next(first_tries) % 7 == 0:
        return Answer(status=503, body="<Error><Code>ServiceUnavailable</Code></Error>")
    if request.method != "GET":
        return Answer()
    if "list-type" in request.query or "encoding-type" in request.query:
        is_last = "continuation-token" in request.query or "list-type" not in request.query
        token = "" if is_last else "<NextContinuationToken>t</NextContinuationToken>"
        return Answer(body=LIST_PAGE.format(more=str(not is_last).lower(), token=token))
    return Answer(body="<VersioningConfiguration/>" if "versioning" in request.query else "body")


def bucket_of(account: str) -> str:
    return f"bucket-{account}"


def call(client: Any, account: str, _: Path) -> None:
    client.get_bucket_versioning(Bucket=bucket_of(account))


def page(client: Any, account: str, _: Path) -> None:
    list(client.get_paginator("list_objects_v2").paginate(Bucket=bucket_of(account)))


def wait(client: Any, account: str, _: Path) -> None:
    client.get_waiter("bucket_exists").wait(Bucket=bucket_of(account))


def presign(client: Any, account: str, _: Path) -> None:
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket_of(account), "Key": "k"})
    assert f"Credential=KEY{account}%2F" in url
    post = client.generate_presigned_post(bucket_of(account), "k")
    assert post["fields"]["x-amz-credential"].startswith(f"KEY{account}/")


def transfer(resource: Any, account: str, folder: Path) -> None:
    path = folder / f"{account}-{threading.get_ident()}"
    path.write_text("body")
    bucket = resource.Bucket(bucket_of(account))
    bucket.upload_file(str(path), "k")
    path.unlink()


def children(resource: Any, account: str, _: Path) -> None:
    bucket = resource.Bucket(bucket_of(account))
    for summary in bucket.objects.all():
        summary.Object().delete()


CLIENT_ROUTES: tuple[Callable[[Any, str, Path], None], ...] = (call, page, wait, presign)
RESOURCE_ROUTES: tuple[Callable[[Any, str, Path], None], ...] = (transfer, children)


def test_WHEN_32_threads_act_in_8_accounts_THEN_no_call_is_signed_by_anothers_credentials(
    tmp_path: Path,
) -> None:
    start = threading.Barrier(THREADS)

    def work(thread_number: int, prototypes: ClientPrototypes) -> None:
        start.wait()
        for round_number in range(len(ACCOUNTS)):
            account = ACCOUNTS[(thread_number + round_number) % len(ACCOUNTS)]
            aws_region = REGIONS[round_number % len(REGIONS)]
            client = bind(prototypes, account, aws_region=aws_region)
            CLIENT_ROUTES[(thread_number + round_number) % len(CLIENT_ROUTES)](client, account, tmp_path)
            if round_number % 4 == 0:
                resource = prototypes.bind_resource(
                    "s3",
                    aws_region,
                    credentials=credentials_of(account),
                    identity=identity_in(account, aws_region),
                    read_only=False,
                )
                RESOURCE_ROUTES[thread_number % len(RESOURCE_ROUTES)](resource, account, tmp_path)

    with recording_aws(answer) as aws:
        prototypes = aws.prototypes()
        with ThreadPoolExecutor(THREADS) as pool:
            for done in [pool.submit(work, number, prototypes) for number in range(THREADS)]:
                done.result()

    mixed_up = [
        request
        for request in aws.requests
        if (found := re.match(r"/bucket-(\d+)", request.path)) is None
        or request.access_key_id != f"KEY{found[1]}"
    ]
    assert mixed_up == []
    assert len(aws.requests) > 300
    assert {request.access_key_id for request in aws.requests} == {f"KEY{account}" for account in ACCOUNTS}
