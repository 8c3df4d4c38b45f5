"""What can be wrong with credentials, and the translation of what botocore says about them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from botocore import exceptions as botocore_errors
from botocore.exceptions import ClientError

from aws_interactions.aws_errors import (
    UNREADABLE_ANSWER,
    AccessDenied,
    AwsInteractionError,
    CredentialsProblem,
    InvalidInput,
    Unavailable,
    error_code,
    errors_without_answer,
    is_unreadable_answer,
    kind_of,
)

# The last one is EC2's.
EXPIRED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_POLICY_TOO_LARGE_CODES = frozenset({"PackedPolicyTooLarge", "PackedPolicyTooLargeException"})
_REFUSED_VALUE_CODES = frozenset({"MalformedPolicyDocument", *_POLICY_TOO_LARGE_CODES})
_LONGEST_DETAIL = 300


class NoCredentials(CredentialsProblem):
    """No credentials were found; the message says where they were looked for."""


class ExpiredCredentials(CredentialsProblem):
    """The credentials were right once, and have expired."""


class MfaCodeNeeded(CredentialsProblem):
    """A role asks for an MFA code and there is nobody to ask; ``mfa_serial`` names the device."""

    def __init__(self, mfa_serial: str) -> None:
        super().__init__(f"an MFA code of {mfa_serial} is needed, and there is nobody to ask for it")
        self.mfa_serial = mfa_serial


class SessionPolicyTooLarge(InvalidInput):
    """STS packs a session's policy and tags into its token, and they do not fit."""


class ProfileDoesntExist(CredentialsProblem):
    """The named profile is in neither configuration file; ``known_profiles`` are those that are."""

    def __init__(self, profile_name: str, known_profiles: Iterable[str] = ()) -> None:
        self.profile_name = profile_name
        self.known_profiles = tuple(sorted(known_profiles))
        known = ", ".join(self.known_profiles) or "none"
        super().__init__(f"profile {profile_name!r} does not exist (configured: {known})")


class NoRegion(CredentialsProblem):
    """No region was given; ``looked_in`` are the places, in order, that were looked in."""

    def __init__(self, looked_in: Iterable[str]) -> None:
        self.looked_in = tuple(looked_in)
        super().__init__(f"no region: looked in {', '.join(self.looked_in)}")


@contextmanager
def translate_credential_errors(subject: str, *, role_arn: str | None = None) -> Iterator[None]:
    """Raise what goes wrong while credentials are found, fetched or refreshed as this package's errors.

    ``subject`` says whose credentials; with ``role_arn``, a denial names ``sts:AssumeRole`` and the
    role. A lost answer is plain ``Unavailable`` here, because asking again does no harm.
    """
    try:
        yield
    except AwsInteractionError:
        raise
    except ClientError as error:
        raise _from_client_error(error, subject, role_arn) from error
    except errors_without_answer() as error:
        raise _from_botocore_error(error, subject) from error
    except (OSError, ValueError, KeyError) as error:
        # Token files, credential processes and metadata answers fail with bare Python errors.
        raise CredentialsProblem(f"{subject}: {type(error).__name__}: {error}") from error
    except RuntimeError as error:
        if type(error) is not RuntimeError:  # subclasses come from a prompter that was interrupted
            raise
        # How botocore says that freshly got credentials have expired already.
        raise ExpiredCredentials(f"{subject}: {error}") from error


def _from_client_error(error: ClientError, subject: str, role_arn: str | None) -> AwsInteractionError:
    detail = _safe_detail(error)
    resource = role_arn or subject
    code = error_code(error)
    kind = kind_of(error)
    if code in EXPIRED_CODES:
        return ExpiredCredentials(f"{subject}: {detail}", resource=resource)
    if code in _REFUSED_VALUE_CODES:
        refused = SessionPolicyTooLarge if code in _POLICY_TOO_LARGE_CODES else InvalidInput
        return refused(f"{subject}: {detail}", resource=resource)
    if kind is AccessDenied:
        action = f"sts:{error.operation_name}"
        message = f"no permission for {action} on {resource}: {detail}"
        return AccessDenied(message, resource=resource, iam_actions=(action,))
    return (kind or CredentialsProblem)(f"{subject}: {detail}", resource=resource)


def _from_botocore_error(error: Exception, subject: str) -> AwsInteractionError:
    if is_unreadable_answer(error):
        return Unavailable(f"{subject}: {UNREADABLE_ANSWER}", resource=subject)
    message = f"{subject}: {error}"
    if isinstance(error, botocore_errors.HTTPClientError | botocore_errors.ConnectionError):
        return Unavailable(message, resource=subject)
    if isinstance(error, botocore_errors.NoCredentialsError):
        return NoCredentials(message, resource=subject)
    if isinstance(error, botocore_errors.ParamValidationError):
        return InvalidInput(message, resource=subject)
    return CredentialsProblem(message, resource=subject)


def _safe_detail(error: ClientError) -> str:
    # After its first line, a wrong-signature answer repeats the request, session token included.
    message = error.response.get("Error", {}).get("Message") or error_code(error)
    return message.strip().partition("\n")[0][:_LONGEST_DETAIL]
