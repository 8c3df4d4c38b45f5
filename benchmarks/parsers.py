"""What parsing one answer of the fleet benchmark costs: the compiled parsers beside botocore's."""

import sys
import timeit
from collections.abc import Callable
from typing import Any

from botocore.awsrequest import HeadersDict
from botocore.parsers import ResponseParserFactory
from botocore.session import Session
from fleet_answers import ITEMS_PER_ANSWER, Answer, prebuilt_answers

from aws_interactions.compiled_parsers import CompiledParserFactory

RATIO_LIMIT = 0.35
SERVICES = {
    "ListObjectsV2": "s3",
    "DescribeInstances": "ec2",
    "Scan": "dynamodb",
    "DescribeDBInstances": "rds",
    "ListSecrets": "secretsmanager",
}


def response_of(message: bytes) -> dict[str, Any]:
    """Return an HTTP answer as botocore hands it to a parser."""
    head, _, body = message.partition(b"\r\n\r\n")
    lines = (line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    return {"status_code": 200, "headers": HeadersDict(lines), "body": body, "context": {}}


def milliseconds(work: Callable[[], object]) -> float:
    """Return the least time of one run, of several, with the garbage collector at rest."""
    return 1000 * min(timeit.repeat(work, number=5, repeat=7)) / 5


def measure(operation: str, answer: Answer) -> bool:
    """Print what one answer costs; say whether it is parsed alike and in the time that is allowed."""
    model = Session().get_service_model(SERVICES[operation])
    shape, response = model.operation_model(operation).output_shape, response_of(answer.message)
    compiled = CompiledParserFactory()

    def parse(factory: ResponseParserFactory) -> Any:
        return factory.create_parser(model.resolved_protocol).parse(response, shape)

    is_same = parse(compiled) == parse(compiled) == parse(ResponseParserFactory())
    theirs = milliseconds(lambda: parse(ResponseParserFactory()))
    ours = milliseconds(lambda: parse(compiled))
    print(
        f"{operation:<22}{ITEMS_PER_ANSWER[operation]:>7}{len(response['body']) / 1024:>7.0f}"
        f"{theirs:>9.2f} ms{ours:>9.2f} ms{ours / theirs:>8.2f}",
        flush=True,
    )
    return is_same and ours <= RATIO_LIMIT * theirs


def bench_parsers() -> bool:
    """Measure each answer; say whether all are parsed alike and in the time that is allowed."""
    print(f"{'one answer':<22}{'items':>7}{'KB':>7}{'botocore':>12}{'compiled':>12}{'ratio':>8}")
    are_kept = [measure(operation, answer) for operation, answer in prebuilt_answers().items()]
    print(f"alike, in at most {RATIO_LIMIT} of botocore's time: {'kept' if all(are_kept) else 'NOT KEPT'}")
    return all(are_kept)


if __name__ == "__main__":
    sys.exit(0 if bench_parsers() else 1)
