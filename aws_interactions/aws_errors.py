"""The kinds of failure that a caller can act on, and the one translation from botocore's errors.

::

    AwsInteractionError
    ├── NotFound              the thing is not there
    ├── AlreadyExists         the name is taken
    ├── AccessDenied          names the IAM action and the resource
    ├── Conflict              wrong state, or a precondition that no longer holds
    ├── Throttled             refused for rate, retries used up
    ├── WaitTimedOut          what was waited for did not come in time; nothing went wrong yet
    ├── InvalidInput          AWS, or a check before the call, refused a value
    ├── Unavailable           no usable answer: endpoint, network, 5xx to the end
    │   └── AnswerLost        the request may have been carried out; its answer never came
    ├── ReadOnlyViolation     a read-only client was asked for something else; nothing was sent
    ├── LocalFileProblem      a file on this machine cannot be read or written; AWS is not at fault
    └── CredentialsProblem    no, wrong, or expired credentials; missing profile or region
        └── WrongAccount      credentials that act in another account than the one asked for

A failure that is none of these stays the ``ClientError`` that botocore raised. Service modules
subclass the kinds, so that a script can catch ``NotFound`` or just ``BucketDoesntExist``.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore.exceptions as botocore_errors
from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions.service_operations import iam_actions_of


class AwsInteractionError(Exception):
    """Root of all errors that the AWS edge raises; the foreign error, if any, is its ``__cause__``.

    ``resource`` is what the call was about, an ARN where there is one.
    """

    def __init__(self, message: str, *, resource: str | None = None) -> None:
        super().__init__(message)
        self.resource = resource

    @property
    def aws_code(self) -> str | None:
        """AWS's error code, such as ``AccessDenied``, or ``None`` if AWS did not answer."""
        response = self._client_error_response
        return response.get("Error", {}).get("Code") if response else None

    @property
    def request_id(self) -> str | None:
        """AWS's id of the refused request, or ``None`` if AWS did not answer."""
        response = self._client_error_response
        return response.get("ResponseMetadata", {}).get("RequestId") if response else None

    @property
    def operation_name(self) -> str | None:
        """The refused AWS operation, such as ``HeadBucket``, or ``None`` if AWS did not answer."""
        cause = self.__cause__
        return cause.operation_name if isinstance(cause, ClientError) else None

    @property
    def _client_error_response(self) -> Mapping[str, Any] | None:
        cause = self.__cause__
        return cause.response if isinstance(cause, ClientError) else None


class NotFound(AwsInteractionError):
    """The thing is not there."""


class AlreadyExists(AwsInteractionError):
    """The name is taken."""


class AccessDenied(AwsInteractionError):
    """AWS refused the identity; ``iam_actions`` are the actions that the call needs."""

    def __init__(
        self, message: str, *, resource: str | None = None, iam_actions: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, resource=resource)
        self.iam_actions = iam_actions


class Conflict(AwsInteractionError):
    """Wrong state for the call, or a precondition that no longer holds."""


class Throttled(AwsInteractionError):
    """Refused for rate, with retries used up."""


class WaitTimedOut(AwsInteractionError):
    """What was waited for did not come in time; what was asked for before may still come."""


class InvalidInput(AwsInteractionError):
    """A value that AWS, or a check before the call, refused."""


class Unavailable(AwsInteractionError):
    """No usable answer: nobody was reached, or the server broke down.

    Before an answer with status 500, 502 or 504 the request may have been carried out.
    """


class AnswerLost(Unavailable):
    """The request may have been carried out, but its answer never came: the outcome is unknown."""


class ReadOnlyViolation(AwsInteractionError):
    """A read-only client was asked for an operation that is not a read; nothing was sent."""


class LocalFileProblem(AwsInteractionError):
    """A file on this machine cannot be read or written; ``file_path`` is that file."""

    def __init__(self, message: str, *, file_path: Path) -> None:
        super().__init__(message, resource=str(file_path))
        self.file_path = file_path


class CredentialsProblem(AwsInteractionError):
    """No, wrong or expired credentials, or a missing profile or region."""


class WrongAccount(CredentialsProblem):
    """The credentials act in another account than the one that was asked for; nothing else was sent."""

    def __init__(self, *, expected_account: str, actual_account: str, resource: str | None = None) -> None:
        super().__init__(
            f"credentials act in account {actual_account}, expected {expected_account}",
            resource=resource,
        )
        self.expected_account = expected_account
        self.actual_account = actual_account


_KIND_BY_CODE: dict[str, type[AwsInteractionError]] = {
    **dict.fromkeys(
        (
            "AccessDenied",
            "AccessDeniedException",
            "AuthorizationError",
            "Forbidden",
            "UnauthorizedOperation",
            "AllAccessDisabled",
            "403",
        ),
        AccessDenied,
    ),
    **dict.fromkeys(
        (
            "ExpiredToken",
            "ExpiredTokenException",
            "RequestExpired",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "SignatureDoesNotMatch",
            "InvalidToken",
            "AuthFailure",
            "InvalidSignatureException",
            "IncompleteSignature",
            "MissingAuthenticationToken",
        ),
        CredentialsProblem,
    ),
    **dict.fromkeys(
        (
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "RequestLimitExceeded",
            "TooManyRequestsException",
            "ProvisionedThroughputExceededException",
            "BandwidthLimitExceeded",
            "LimitExceededException",
            "SlowDown",
            "PriorRequestNotComplete",
            "EC2ThrottledException",
            "RequestLimitExceededException",
            "ThrottlingError",
            "429",
        ),
        Throttled,
    ),
    **dict.fromkeys(
        (
            "InternalError",
            "InternalFailure",
            "InternalServerError",
            "InternalServiceError",
            "InternalServiceErrorException",
            "ServiceUnavailableException",
            "ServiceUnavailable",
            "RequestTimeout",
            "500",
            "502",
            "503",
            "504",
        ),
        Unavailable,
    ),
    **dict.fromkeys(
        (
            "NoSuchBucket",
            "NoSuchEntity",
            "NoSuchKey",
            "NoSuchUpload",
            "NoSuchVersion",
            "ResourceNotFoundException",
            "404",
        ),
        NotFound,
    ),
    **dict.fromkeys(("EntityAlreadyExists", "ResourceExistsException"), AlreadyExists),
    **dict.fromkeys(
        (
            "PreconditionFailed",
            "ConditionalRequestConflict",
            "OperationAborted",
            "ConditionalCheckFailedException",
            "ConflictException",
            "IncorrectInstanceState",
            "IncorrectState",
            "InvalidDBClusterStateFault",
            "InvalidDBInstanceState",
            "OperationNotPermitted",
            "ResourceInUseException",
            "TransactionConflictException",
            "TransactionInProgressException",
            "409",
            "412",
        ),
        Conflict,
    ),
    **dict.fromkeys(
        (
            "ValidationError",
            "ValidationException",
            "InvalidParameterValue",
            "InvalidParameterCombination",
            "MissingParameter",
            "IdempotentParameterMismatchException",
            "InvalidArgument",
            "InvalidInput",
            "InvalidInputException",
            "InvalidParameterException",
            "InvalidRequestException",
            "UnknownParameter",
            "InvalidRequest",
            "InvalidBucketName",
            "InvalidTag",
            "KeyTooLongError",
            "MalformedXML",
            "EntityTooLarge",
            "MetadataTooLarge",
        ),
        InvalidInput,
    ),
}

# EC2 has a code of this form for each kind of resource, such as InvalidInstanceID.NotFound.
_KIND_BY_CODE_ENDING: dict[str, type[AwsInteractionError]] = {
    "NotFound": NotFound,
    "Malformed": InvalidInput,
    "Duplicate": AlreadyExists,
}

_LOST_ANSWERS = (
    botocore_errors.ReadTimeoutError,
    botocore_errors.ConnectionClosedError,
    botocore_errors.ResponseStreamingError,
    botocore_errors.IncompleteReadError,
)
_CREDENTIAL_ERRORS = (
    botocore_errors.NoCredentialsError,
    botocore_errors.PartialCredentialsError,
    botocore_errors.CredentialRetrievalError,
    botocore_errors.NoRegionError,
    botocore_errors.ProfileNotFound,
    botocore_errors.ConfigParseError,
    botocore_errors.ConfigNotFound,
    botocore_errors.MetadataRetrievalError,
    botocore_errors.MissingDependencyException,
    botocore_errors.RefreshWithMFAUnsupportedError,
    botocore_errors.InfiniteLoopConfigError,
    botocore_errors.InvalidConfigError,
    botocore_errors.UnknownCredentialError,
    botocore_errors.SSOError,
    botocore_errors.TokenRetrievalError,
    botocore_errors.UnauthorizedSSOTokenError,
    botocore_errors.LoginError,
    botocore_errors.NoAuthTokenError,
    botocore_errors.UnknownTokenProviderError,
    # Not about credentials, but as wrong in the same configuration and as useless to repeat.
    botocore_errors.InvalidDefaultsMode,
    botocore_errors.InvalidChecksumConfigError,
    botocore_errors.InvalidRetryConfigurationError,
    botocore_errors.InvalidEndpointConfigurationError,
    botocore_errors.InvalidEndpointDiscoveryConfigurationError,
    botocore_errors.InvalidIMDSEndpointError,
    botocore_errors.InvalidIMDSEndpointModeError,
    botocore_errors.InvalidProxiesConfigError,
    botocore_errors.InvalidS3AddressingStyleError,
    botocore_errors.InvalidS3UsEast1RegionalEndpointConfigError,
    botocore_errors.InvalidSTSRegionalEndpointsConfigError,
    botocore_errors.UnsupportedS3ConfigurationError,
    botocore_errors.BaseEndpointResolverError,
    botocore_errors.EndpointProviderError,
)
_NO_USABLE_ANSWER = (
    botocore_errors.HTTPClientError,
    botocore_errors.ConnectionError,
    botocore_errors.PaginationError,
)
_REFUSED_BEFORE_SENDING = (botocore_errors.ParamValidationError, botocore_errors.ValidationError)

# The server broke down with the request in its hands; 503 means that it did not take it.
BROKE_DOWN_STATUSES = frozenset({500, 502, 504})

REPEATED_PAGE = "AWS gave the same page twice: the list cannot be trusted"
UNREADABLE_ANSWER = "the answer is not one of AWS's: a proxy or another server may have given it"

ErrorsByCode = Mapping[str, Callable[[], AwsInteractionError]]


def error_code(error: ClientError) -> str:
    """Return AWS's code of an error, such as ``NoSuchBucket``; a HEAD has only ``404`` and the like."""
    code: str = error.response.get("Error", {}).get("Code", "")
    return code


def kind_of(error: Exception) -> type[AwsInteractionError] | None:
    """Return the kind that a botocore error belongs to, or ``None`` if it is none of them."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        # A code that nobody foresaw tells less than these statuses, which mean the same for all.
        by_status = str(status) if status in {429, 500, 502, 503, 504} else ""
        code = error_code(error)
        by_ending = _KIND_BY_CODE_ENDING.get(code.rpartition(".")[2]) if "." in code else None
        return _KIND_BY_CODE.get(code) or by_ending or _KIND_BY_CODE.get(by_status)
    if isinstance(error, _CREDENTIAL_ERRORS):
        return CredentialsProblem
    if isinstance(error, _LOST_ANSWERS) or is_unreadable_answer(error):
        return AnswerLost
    if isinstance(error, _REFUSED_BEFORE_SENDING):
        return InvalidInput
    if isinstance(error, _NO_USABLE_ANSWER):
        return Unavailable
    return None


def errors_without_answer() -> tuple[type[Exception], ...]:
    """Return what botocore raises where there is no answer, or none that it can read."""
    return (BotoCoreError, *_unreadable_answers())


def is_unreadable_answer(error: Exception) -> bool:
    """Say whether an error means that the answer was not in the service's protocol.

    Its text repeats the whole answer and is not for showing.
    """
    return isinstance(error, _unreadable_answers())


def _unreadable_answers() -> tuple[type[Exception], ...]:
    # No BotoCoreError, and its module is heavy: while that is not loaded, nothing can raise it.
    parsers = sys.modules.get("botocore.parsers")
    return () if parsers is None else (parsers.ResponseParserError,)


@contextmanager
def translate_aws_errors(
    service_name: str, resource: str, by_code: ErrorsByCode | None = None
) -> Iterator[None]:
    """Raise botocore's errors from the body as this package's, with the original as ``__cause__``.

    ``by_code`` maps an AWS error code to a maker of the domain exception to raise for it; a code
    that is not in it becomes its kind, and what has no kind passes through untouched. ``resource``
    (an ARN where there is one) is what the message names.
    """
    try:
        yield
    except ClientError as error:
        make = (by_code or {}).get(error_code(error))
        if make is not None:
            raise make() from error
        translated = _as_kind(error, service_name, resource)
        if translated is None:
            raise
        raise translated from error
    except errors_without_answer() as error:
        translated = _as_kind(error, service_name, resource)
        if translated is None:
            raise
        raise translated from error


def _as_kind(error: Exception, service_name: str, resource: str) -> AwsInteractionError | None:
    kind = kind_of(error)
    if kind is None:
        return None
    if kind is AccessDenied and isinstance(error, ClientError):
        actions = iam_actions_of(service_name, error.operation_name)
        needed = " and ".join(actions) or f"{service_name}:{error.operation_name}"
        return AccessDenied(
            f"no permission for {needed} on {resource}", resource=resource, iam_actions=actions
        )
    if isinstance(error, ClientError):
        detail = error.response.get("Error", {}).get("Message") or error_code(error)
        # After its first line, a wrong-signature answer repeats the request, session token included.
        first_line = detail.strip().partition("\n")[0]
        return kind(f"{resource}: {first_line}", resource=resource)
    if isinstance(error, botocore_errors.PaginationError):
        return kind(f"{resource}: {REPEATED_PAGE}", resource=resource)
    detail = UNREADABLE_ANSWER if is_unreadable_answer(error) else str(error)
    return kind(f"{resource}: {detail}", resource=resource)
