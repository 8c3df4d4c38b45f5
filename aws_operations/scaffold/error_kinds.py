"""Which kind of ``core.aws_errors`` a modelled error is: by the model's word, its name, its HTTP status."""

import re
from typing import Any

from aws_operations.scaffold.documentation_text import first_sentences
from aws_operations.scaffold.service_design import ErrorDesign

# The first that matches decides: "ResourceNotFoundException" before what its status 400 would say.
_KIND_BY_NAME = (
    (
        "Throttled",
        (
            r"Throttl|TooManyRequests?(Exception|$)|RequestLimitExceeded|SlowDown|RateExceeded|CallRate"
            r"|Throughput.*Exceeded|BandwidthLimitExceeded|PriorRequestNotComplete"
        ),
    ),
    (
        "CredentialsProblem",
        r"ExpiredToken|UnrecognizedClient|InvalidClientTokenId|MissingAuthenticationToken",
    ),
    (
        "NotFound",
        r"NotFound|NotExist|DoesntExist|NoSuch|Non[Ee]xistent|NotExists|UnknownResource|Missing.*Resource",
    ),
    # One request of its own is too large, however little there is otherwise.
    ("InvalidInput", r"TooManyEntries|(Size|Length)Exceeded|TooLong|TooLarge|Idempoten\w*Mismatch"),
    (
        "AlreadyExists",
        (
            r"AlreadyExist|NameExists|ResourceExists|(?<!Still)Exists(Exception|Fault|Error)?$|Duplicate"
            r"|AlreadyOwned|NameAlreadyInUse|Already(Created|Registered)"
        ),
    ),
    (
        "AccessDenied",
        (
            r"Access.*Denied|Unauthori[sz]ed|NotAuthori[sz]ed|Forbidden|AuthFailure|PermissionDenied"
            r"|InsufficientPermission|OptInRequired"
        ),
    ),
    (
        "Conflict",
        # A quota is no fault of the request's values: the same call works where there is less.
        (
            r"Conflict|InUse|InProgress|Concurrent|Precondition|NotReady|Stale|Limits?(Exceeded|Reached)"
            r"|(Quota|Storage|Number)\w*Exceeded|ExceedsLimit|OverLimit|(?<!Invalid)LimitException|TooMany"
            r"|Insufficient\w*Capacity|(State|Status)(Exception|Fault)?$|Condition(al)?Check"
            r"|TransactionCancel|OptimisticLock|VersionMismatch|OutOfSync|Outdated(Exception)?$|(Not|Non)Empty"
            r"|HasOngoing|Already[A-Z]|NotEnabled|NotActive|Inactive|(?<!Not)Disabled|DeletedRecently"
            r"|OperationNotPermitted|ResourceLocked"
        ),
    ),
    (
        "Unavailable",
        (
            r"Unavailable|Internal|ServiceFailure|ServerError|ServerException|ServiceException|TimedOut"
            r"|(?<!Invalid)Timeout"
        ),
    ),
    ("InvalidInput", r"Validation|Invalid|Malformed|BadRequest|Unsupported|NotSupported"),
)
# For these services the general name means calls that come too fast, or too many at once.
_RATES = frozenset(
    {
        ("dynamodb", "LimitExceededException"),
        ("dynamodbstreams", "LimitExceededException"),
        ("kinesis", "LimitExceededException"),
        ("kinesisvideo", "ClientLimitExceededException"),
    }
)
_OLDER_SQS_CODES = {
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "QueueNameExists": "QueueAlreadyExists",
}
_OF_THROTTLING = re.compile(r"due to request throttling|request was throttled", re.IGNORECASE)
_KIND_BY_STATUS = {
    401: "AccessDenied",
    403: "AccessDenied",
    404: "NotFound",
    409: "Conflict",
    410: "NotFound",
    412: "Conflict",
    429: "Throttled",
}


def error_design(shape: Any, class_name: str, service_name: str) -> ErrorDesign:
    """Return the design of an exception for the shape of an error; ``class_name`` is free to take."""
    code = str(shape.error_code)
    kind = error_kind(shape.name, _status(shape), is_fault=bool(shape.metadata.get("fault")))
    if _is_throttling(shape) or (service_name, shape.name) in _RATES:
        kind = "Throttled"
    documentation = first_sentences(shape.documentation)
    if kind != "Throttled" and _OF_THROTTLING.search(documentation):
        # The sentence of another error: some models have one for several.
        documentation = ""
    return ErrorDesign(
        class_name=class_name,
        code=code,
        kind=kind,
        documentation=documentation,
        codes=tuple(dict.fromkeys((code, shape.name, *_older_codes(service_name, shape.name)))),
    )


def error_kind(name: str, status: int | None, *, is_fault: bool = False) -> str:
    """Return the name of the kind; ``is_fault`` where the model blames the server."""
    for kind, pattern in _KIND_BY_NAME:
        if re.search(pattern, name):
            return kind
    if status in _KIND_BY_STATUS:
        return _KIND_BY_STATUS[status]
    return "Unavailable" if is_fault or (status or 400) >= 500 else "InvalidInput"


def _older_codes(service_name: str, name: str) -> tuple[str, ...]:
    if service_name != "sqs":
        return ()
    # SQS answers with the codes of its former protocol, which its model does not tell.
    return (_OLDER_SQS_CODES.get(name, f"AWS.SimpleQueueService.{name}"),)


def _is_throttling(shape: Any) -> bool:
    return bool((shape.metadata.get("retryable") or {}).get("throttling"))


def _status(shape: Any) -> int | None:
    status = shape.metadata.get("error", {}).get("httpStatusCode")
    return status if isinstance(status, int) else None
