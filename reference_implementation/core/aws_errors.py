"""The kinds of failure that a caller can act on, and the one translation from botocore's errors.

Service modules subclass the kinds, so that a script can catch ``NotFound`` or just ``BucketDoesntExist``.
A failure that is none of the kinds stays the ``ClientError`` that botocore raised.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import botocore.exceptions as botocore_errors
from botocore.exceptions import BotoCoreError, ClientError


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
    """No, wrong or expired credentials, or a missing profile or region."""


ErrorsByCode = Mapping[str, Callable[[], AwsInteractionError]]

_KIND_BY_CODE: dict[str, type[AwsInteractionError]] = {
    **dict.fromkeys(("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"), AccessDenied),
    **dict.fromkeys(
        (
            "ExpiredToken",
            "ExpiredTokenException",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
        ),
        CredentialsProblem,
    ),
    **dict.fromkeys(
        (
            "RequestLimitExceeded",
            "SlowDown",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
            "429",
        ),
        Throttled,
    ),
    **dict.fromkeys(("NoSuchEntity", "NoSuchKey", "ResourceNotFoundException", "404"), NotFound),
    **dict.fromkeys(("EntityAlreadyExists", "ResourceExistsException"), AlreadyExists),
    **dict.fromkeys(
        ("ConditionalCheckFailedException", "PreconditionFailed", "ResourceInUseException"), Conflict
    ),
    **dict.fromkeys(("InvalidParameterValue", "ValidationError", "ValidationException"), InvalidInput),
    **dict.fromkeys(("InternalError", "ServiceUnavailable", "500", "502", "503", "504"), Unavailable),
}

_KINDS_WITHOUT_ANSWER: tuple[tuple[type[BotoCoreError], type[AwsInteractionError]], ...] = (
    (botocore_errors.NoCredentialsError, CredentialsProblem),
    (botocore_errors.PartialCredentialsError, CredentialsProblem),
    (botocore_errors.CredentialRetrievalError, CredentialsProblem),
    (botocore_errors.ProfileNotFound, CredentialsProblem),
    (botocore_errors.NoRegionError, CredentialsProblem),
    (botocore_errors.ParamValidationError, InvalidInput),
    (botocore_errors.ValidationError, InvalidInput),
    (botocore_errors.ConnectionError, Unavailable),
    (botocore_errors.HTTPClientError, Unavailable),
    (botocore_errors.IncompleteReadError, Unavailable),
    (botocore_errors.PaginationError, Unavailable),
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
        kind = _KIND_BY_CODE.get(code)
        if kind is None:
            raise
        raise kind(
            f"{service_name} {error.operation_name} on {resource}: {code}", resource=resource
        ) from error
    except BotoCoreError as error:
        for foreign, kind in _KINDS_WITHOUT_ANSWER:
            if isinstance(error, foreign):
                raise kind(f"{service_name} on {resource}: {error}", resource=resource) from error
        raise
