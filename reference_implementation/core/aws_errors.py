"""The kinds of failure that a caller can act on, and the one translation from botocore's errors.

Service modules subclass the kinds, so that a script can catch ``NotFound`` or just ``BucketDoesntExist``.
A failure that is none of the kinds stays the ``ClientError`` that botocore raised.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import botocore.exceptions as botocore_errors
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError


class AwsInteractionError(Exception):
    """Root of all errors of the AWS edge; botocore's error, if any, is its ``__cause__``."""

    def __init__(self, message: str, *, resource: str | None = None) -> None:
        super().__init__(message)
        self.resource = resource


class NotFound(AwsInteractionError):
    """The thing is not there."""


class AlreadyExists(AwsInteractionError):
    """The name is taken."""


class AccessDenied(AwsInteractionError):
    """AWS refused the identity."""


class Conflict(AwsInteractionError):
    """Wrong state for the call, or a precondition that no longer holds."""


class Throttled(AwsInteractionError):
    """Refused for rate, with retries used up."""


class InvalidInput(AwsInteractionError):
    """A value that AWS, or a check before the call, refused."""


class Unavailable(AwsInteractionError):
    """No usable answer: nobody was reached, or the server broke down."""


class ReadOnlyViolation(AwsInteractionError):
    """A read-only client was asked for something else; nothing was sent."""


class CredentialsProblem(AwsInteractionError):
    """No, wrong or expired credentials, or a configuration that botocore cannot use."""


ErrorsByCode = Mapping[str, Callable[[], AwsInteractionError]]

_CODES_BY_KIND: dict[type[AwsInteractionError], str] = {
    NotFound: "NoSuchBucket NoSuchEntity NoSuchKey NoSuchVersion ResourceNotFoundException 404",
    AlreadyExists: "EntityAlreadyExists ResourceExistsException",
    AccessDenied: """AccessDenied AccessDeniedException AllAccessDisabled AuthorizationError Forbidden
        UnauthorizedOperation 403""",
    Conflict: """ConditionalCheckFailedException ConditionalRequestConflict ConflictException
        OperationAborted PreconditionFailed ResourceInUseException TransactionConflictException
        TransactionInProgressException 409 412""",
    Throttled: """BandwidthLimitExceeded EC2ThrottledException LimitExceededException
        PriorRequestNotComplete ProvisionedThroughputExceededException RequestLimitExceeded
        RequestThrottled RequestThrottledException SlowDown ThrottledException Throttling
        ThrottlingException TooManyRequestsException 429""",
    InvalidInput: """InvalidArgument InvalidBucketName InvalidParameterCombination
        InvalidParameterException InvalidParameterValue InvalidRequest InvalidRequestException
        MissingParameter ValidationError ValidationException""",
    Unavailable: """InternalError InternalFailure InternalServerError RequestTimeout ServiceUnavailable
        ServiceUnavailableException 500 502 503 504""",
    CredentialsProblem: """AuthFailure ExpiredToken ExpiredTokenException IncompleteSignature
        InvalidAccessKeyId InvalidClientTokenId InvalidSignatureException InvalidToken
        MissingAuthenticationToken RequestExpired SignatureDoesNotMatch UnrecognizedClientException""",
}
_KIND_BY_CODE = {code: kind for kind, codes in _CODES_BY_KIND.items() for code in codes.split()}
# These mean the same whatever code comes with them.
_TELLING_STATUSES = frozenset({429, 500, 502, 503, 504})

# Each is mended in a file, a variable or an argument on this machine; until then it is useless to ask again.
_CONFIGURATION_ERRORS: tuple[type[BotoCoreError], ...] = (
    botocore_errors.BaseEndpointResolverError,
    botocore_errors.ConfigNotFound,
    botocore_errors.ConfigParseError,
    botocore_errors.CredentialRetrievalError,
    botocore_errors.EndpointProviderError,
    botocore_errors.InfiniteLoopConfigError,
    botocore_errors.InvalidChecksumConfigError,
    botocore_errors.InvalidConfigError,
    botocore_errors.InvalidDefaultsMode,
    botocore_errors.InvalidEndpointConfigurationError,
    botocore_errors.InvalidEndpointDiscoveryConfigurationError,
    botocore_errors.InvalidIMDSEndpointError,
    botocore_errors.InvalidIMDSEndpointModeError,
    botocore_errors.InvalidProxiesConfigError,
    botocore_errors.InvalidRegionError,
    botocore_errors.InvalidRetryConfigurationError,
    botocore_errors.InvalidS3AddressingStyleError,
    botocore_errors.InvalidS3UsEast1RegionalEndpointConfigError,
    botocore_errors.InvalidSTSRegionalEndpointsConfigError,
    botocore_errors.LoginError,
    botocore_errors.MetadataRetrievalError,
    botocore_errors.MissingDependencyException,
    botocore_errors.NoAuthTokenError,
    botocore_errors.NoCredentialsError,
    botocore_errors.NoRegionError,
    botocore_errors.PartialCredentialsError,
    botocore_errors.ProfileNotFound,
    botocore_errors.RefreshWithMFAUnsupportedError,
    botocore_errors.SSOError,
    botocore_errors.TokenRetrievalError,
    botocore_errors.UnauthorizedSSOTokenError,
    botocore_errors.UnknownCredentialError,
    botocore_errors.UnknownTokenProviderError,
    botocore_errors.UnsupportedS3ConfigurationError,
)
_KINDS_WITHOUT_ANSWER: tuple[tuple[tuple[type[Exception], ...], type[AwsInteractionError]], ...] = (
    # First, as a region of no form is a refused value to botocore too.
    (_CONFIGURATION_ERRORS, CredentialsProblem),
    ((botocore_errors.ParamValidationError, botocore_errors.ValidationError), InvalidInput),
    (
        (
            botocore_errors.ConnectionError,
            botocore_errors.HTTPClientError,
            botocore_errors.IncompleteReadError,
            botocore_errors.PaginationError,
            ResponseParserError,
        ),
        Unavailable,
    ),
)


def error_code(error: ClientError) -> str:
    """Return AWS's code of an error, such as ``NoSuchBucket``; a HEAD has only ``404`` and the like."""
    return error.response.get("Error", {}).get("Code", "")


@contextmanager
def translate_aws_errors(
    service_name: str, resource: str, by_code: ErrorsByCode | None = None
) -> Iterator[None]:
    """Raise botocore's errors from the body as this package's, with the original as ``__cause__``.

    ``by_code`` maps a code to a maker of the domain exception to raise for it. A code that is not in
    it becomes its kind; what has no kind passes through untouched. Messages name ``resource``.
    """
    try:
        yield
    except ClientError as error:
        code = error_code(error)
        make = (by_code or {}).get(code)
        if make is not None:
            raise make() from error
        kind = _KIND_BY_CODE.get(code) or _kind_by_status(error)
        if kind is None:
            raise
        raise kind(
            f"{service_name} {error.operation_name} on {resource}: {code}", resource=resource
        ) from error
    except (BotoCoreError, ResponseParserError) as error:
        for foreign, kind in _KINDS_WITHOUT_ANSWER:
            if isinstance(error, foreign):
                # The text of the last one repeats what it could not read.
                said = "no answer of AWS's" if isinstance(error, ResponseParserError) else error
                raise kind(f"{service_name} on {resource}: {said}", resource=resource) from error
        raise


@contextmanager
def translate_configuration_errors(what: str, subject: str) -> Iterator[None]:
    """Raise what goes wrong while settings are read or credentials found as this package's errors.

    What has no kind of its own is a ``CredentialsProblem``; nothing leaves as the ``ClientError`` that it
    was, since it is no answer to the call that needed the credentials.
    """
    try:
        with translate_aws_errors(what, subject):
            yield
    except (BotoCoreError, ClientError, OSError, ValueError, KeyError, RuntimeError) as error:
        # Token files, credential processes and endpoints fail with Python's own; a KeyError has but the key.
        message = f"{what} on {subject}: {type(error).__name__}: {error}"
        raise CredentialsProblem(message, resource=subject) from error


def _kind_by_status(error: ClientError) -> type[AwsInteractionError] | None:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return _KIND_BY_CODE.get(str(status)) if status in _TELLING_STATUSES else None
