"""What can go wrong with secrets, and the translation of Secrets Manager's codes to it.

No message holds anything of a value: not its length, not the names of its fields.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from botocore.exceptions import ClientError

from aws_interactions.aws_errors import (
    AccessDenied,
    AlreadyExists,
    AwsInteractionError,
    Conflict,
    InvalidInput,
    NotFound,
    error_code,
    translate_aws_errors,
)
from aws_interactions.service_operations import iam_actions_of


class SecretDoesntExist(NotFound):
    """There is no secret of that name or ARN in the account and region."""

    def __init__(self, secret_id: str) -> None:
        super().__init__(f"there is no secret {secret_id}", resource=secret_id)
        self.secret_id = secret_id


class SecretVersionDoesntExist(NotFound):
    """The secret is there, and has no such version or no version with that staging label."""

    def __init__(self, secret_id: str, version: str) -> None:
        super().__init__(f"secret {secret_id} has no {version}", resource=secret_id)
        self.secret_id = secret_id
        self.version = version


class SecretFieldDoesntExist(NotFound):
    """The value is a JSON object without that field; which ones it has is not told."""

    def __init__(self, secret_id: str, field: str) -> None:
        super().__init__(
            f"the value of {_called(secret_id)} has no field {field}", resource=secret_id or None
        )
        self.secret_id = secret_id
        self.field = field


class SecretNotJson(Conflict):
    """A field was asked of a value that is not a JSON object."""

    def __init__(self, secret_id: str, wanted: str = "JSON") -> None:
        super().__init__(
            f"the value of {_called(secret_id)} is not {wanted}, so it has no fields",
            resource=secret_id or None,
        )
        self.secret_id = secret_id


class SecretAccessDenied(AccessDenied):
    """Secrets Manager refused the identity."""

    def __init__(self, secret_id: str, *, iam_actions: tuple[str, ...] = ()) -> None:
        needed = f" for {' and '.join(iam_actions)}" if iam_actions else ""
        super().__init__(
            f"no permission{needed} on secret {secret_id}", resource=secret_id, iam_actions=iam_actions
        )
        self.secret_id = secret_id


class SecretKeyNotUsable(AccessDenied):
    """The KMS key of the secret can't be used: it is disabled, gone, or closed to the identity."""

    def __init__(self, secret_id: str, *, iam_actions: tuple[str, ...]) -> None:
        super().__init__(
            f"the KMS key of secret {secret_id} can't be used: it is disabled or gone, or there is no "
            f"permission for {' and '.join(iam_actions)} on it",
            resource=secret_id,
            iam_actions=iam_actions,
        )
        self.secret_id = secret_id


class SecretPendingDeletion(Conflict):
    """The secret is to be deleted and until then only good for being restored."""

    def __init__(self, secret_id: str) -> None:
        super().__init__(
            f"secret {secret_id} is to be deleted (secrets restore takes that back)", resource=secret_id
        )
        self.secret_id = secret_id


class SecretAlreadyExists(AlreadyExists):
    """The name is taken in the account and region."""

    def __init__(self, secret_id: str) -> None:
        super().__init__(f"there is a secret {secret_id} already", resource=secret_id)
        self.secret_id = secret_id


class SecretVersionAlreadyExists(AlreadyExists):
    """The client token was used before, for another value: it is the id of that version."""

    def __init__(self, secret_id: str, version_id: str | None) -> None:
        super().__init__(
            f"secret {secret_id} has another value under the client token {version_id} already",
            resource=secret_id,
        )
        self.secret_id = secret_id
        self.version_id = version_id


class SecretVersionChanged(Conflict):
    """Another version is current than the one that was expected."""

    def __init__(self, secret_id: str, expected: str, current: str | None) -> None:
        super().__init__(
            f"secret {secret_id}: version {current or '(none)'} is current, not {expected}",
            resource=secret_id,
        )
        self.secret_id = secret_id
        self.expected = expected
        self.current = current


class SecretLimitReached(Conflict):
    """One of the quotas of Secrets Manager is used up, such as the number of versions of one secret."""

    def __init__(self, secret_id: str) -> None:
        super().__init__(
            f"secret {secret_id}: a quota of Secrets Manager (of secrets or of versions) is used up",
            resource=secret_id,
        )
        self.secret_id = secret_id


class SecretTooLarge(InvalidInput):
    """The value has more bytes than Secrets Manager takes; nothing was sent."""

    def __init__(self, secret_id: str, max_bytes: int) -> None:
        super().__init__(
            f"the value of {_called(secret_id)} has more than {max_bytes} bytes",
            resource=secret_id or None,
        )
        self.secret_id = secret_id
        self.max_bytes = max_bytes


class SecretValueEmpty(InvalidInput):
    """The value is empty, which Secrets Manager does not take; nothing was sent."""

    def __init__(self, secret_id: str) -> None:
        super().__init__(f"the value of {_called(secret_id)} is empty", resource=secret_id or None)
        self.secret_id = secret_id


def _called(secret_id: str) -> str:
    return f"secret {secret_id}" if secret_id else "the secret"


MakersByCode = Mapping[str, Callable[[], AwsInteractionError]]

# Secrets Manager has one code, InvalidRequestException, for many a wrong state, this one among them; the
# last is what CreateSecret says, the second what moto says.
_PENDING_DELETION_TEXTS = ("marked for deletion", "marked deleted", "scheduled for deletion")
# ResourceNotFoundException is said of a secret and of a version of one alike.
_ABSENT_VERSION_TEXT = "secret value for"
# A closed KMS key has the same AccessDeniedException as a closed secret.
_CLOSED_KEY_TEXT = "Access to KMS"
_KEY_ACTIONS_BY_CODE = {
    "DecryptionFailure": ("kms:Decrypt",),
    "EncryptionFailure": ("kms:GenerateDataKey", "kms:Decrypt"),
}


@contextmanager
def secret_errors(
    secret_id: str, *, version: str = "", by_code: MakersByCode | None = None
) -> Iterator[None]:
    """Raise what botocore raises in the body as this package's errors, the original as ``__cause__``.

    ``version`` says in words which version was asked for; ``by_code`` goes before what holds for all calls.
    """
    with translate_aws_errors("secretsmanager", secret_id):
        try:
            yield
        except ClientError as error:
            make = (by_code or {}).get(error_code(error))
            translated = make() if make else _domain_error(error, secret_id, version)
            if translated is None:
                raise
            raise translated from error


def _domain_error(error: ClientError, secret_id: str, version: str) -> AwsInteractionError | None:
    text = error.response.get("Error", {}).get("Message") or ""
    code = error_code(error)
    if code in _KEY_ACTIONS_BY_CODE:
        return SecretKeyNotUsable(secret_id, iam_actions=_KEY_ACTIONS_BY_CODE[code])
    match code:
        case "ResourceNotFoundException" if _ABSENT_VERSION_TEXT in text:
            return SecretVersionDoesntExist(secret_id, version or "current version")
        case "ResourceNotFoundException":
            return SecretDoesntExist(secret_id)
        case "AccessDeniedException" if _CLOSED_KEY_TEXT in text:
            return SecretKeyNotUsable(secret_id, iam_actions=("kms:Decrypt",))
        case "AccessDeniedException" | "AccessDenied":
            actions = iam_actions_of("secretsmanager", error.operation_name)
            return SecretAccessDenied(secret_id, iam_actions=actions)
        case "InvalidRequestException":
            return _wrong_state(secret_id, text)
        case "LimitExceededException":
            return SecretLimitReached(secret_id)
    return None


def _wrong_state(secret_id: str, text: str) -> Conflict:
    # Elsewhere this code means a bad value; here, by its definition, a state that does not allow the call.
    if any(words in text for words in _PENDING_DELETION_TEXTS):
        return SecretPendingDeletion(secret_id)
    return Conflict(f"{secret_id}: {text}", resource=secret_id)
