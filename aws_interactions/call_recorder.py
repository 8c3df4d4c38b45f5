"""The flight recorder: a line in a file for each AWS call, when it is over.

What goes into the line is redacted by ``parameter_redaction``; ``recorded_calls`` reads it back. Each line
is one write to a file that is opened for appending, so that it is there whatever becomes of the process,
and so that several processes may share a recording. A call that is under way when the process is killed is
not in it.

It rides on botocore's events: ``before-parameter-build`` has the parameters, ``after-call`` or
``after-call-error`` ends the call, and ``before-sign`` is all that a presigned request fires. A test fails
when one moves.
"""

import errno
import json
import logging
import os
import stat
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NoReturn

from botocore.exceptions import ClientError

from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.aws_errors import AnswerLost, LocalFileProblem, Unavailable, kind_of
from aws_interactions.call_resources import ANY_RESOURCE, resource_arns
from aws_interactions.parameter_redaction import CallEncoder, may_hold_secrets
from aws_interactions.recorded_calls import (
    CALL_LINE,
    KEY_START,
    PRESIGNED_LINE,
    RECORDING_FORMAT,
    RUN_LINE,
    NotARecording,
    begins_recording,
)
from aws_interactions.request_context import (
    LOST_ANSWER_KEY,
    PACE_KEY,
    RECORD_KEY,
    client_of,
    identity_of,
)
from aws_interactions.secret_redaction import REDACTED, redact

logger = logging.getLogger(__name__)

_FLAGS: Final = (
    os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
)
_LONGEST_FIRST_LINE: Final = 1_000_000
_FINDS_CREDENTIALS: Final = "the search for credentials"
_METADATA: Final = "ResponseMetadata"
_WHAT_WAS_SIGNED: Final = ("CanonicalRequest", "Signature", "StringToSign", "Token")
_dumps: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class CantRecord(LocalFileProblem):
    """The recording takes no more, or never did; the call that was asked for was not sent."""

    def __init__(self, file_path: Path, reason: str) -> None:
        super().__init__(f"can't record calls in {file_path}: {reason}", file_path=file_path)
        self.reason = reason


class CallRecorder:
    """Writes each call of the clients that it is installed on into a file; may be used by all threads.

    A new file is private to its user; an existing one is appended to if it is a recording, or empty.
    ``with_answers`` keeps answers too, and then the values of DynamoDB's items: bodies of objects and
    secrets are never kept. ``arguments`` and ``program`` say what was run. ``write`` stands in for
    ``os.write``, ``clock`` gives seconds since the epoch.

    Raises ``CantRecord`` for what cannot be written, ``NotARecording`` for what is something else. Once a
    line could not be written, ``problem`` is set: the call that it was about keeps its result, and all
    further calls raise it before they are sent, after which ``has_refused`` is true.
    """

    def __init__(
        self,
        file_path: Path,
        *,
        with_answers: bool = False,
        arguments: Sequence[str] = (),
        program: str = "manage-resources",
        write: Callable[[int, bytes], int] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.file_path = file_path
        self.with_answers = with_answers
        self.problem: CantRecord | None = None
        self.has_refused = False
        self._write = write or _quick_write()
        self._clock = clock
        self._encoders: dict[tuple[str, str, bool], CallEncoder] = {}
        # Closed when the recorder goes; it may be shared by providers that nobody closes.
        self._descriptor = self._opened()
        weakref.finalize(self, os.close, self._descriptor)
        self._begin(program, arguments)

    def __reduce__(self) -> NoReturn:
        message = "a recorder writes to a file that is open here: it neither pickles nor copies"
        raise TypeError(message)

    def install(self, client: Any) -> None:
        """Record all calls of a client, or of a prototype and with it of all clients bound to it."""
        events, service_event = client.meta.events, client.meta.service_model.service_id.hyphenize()
        # Last: boto3's resources and botocore itself turn what was given into what is sent.
        events.register_last(f"before-parameter-build.{service_event}", self._take_parameters)
        # First, before those of single operations: others turn the answer into what is given, and would do
        # so again with a replayed one.
        events.register_first(f"after-call.{service_event}.*", self._end_answered_call)
        events.register_first(f"after-call-error.{service_event}", self._end_failed_call)
        events.register_last(f"before-sign.{service_event}", self._record_presigned)

    def raise_problem(self) -> None:
        """Raise what keeps the recording from being complete, if anything does."""
        if self.problem is not None:
            self.has_refused = True
            # Raised by many threads: the one that is kept would hold on to all of their frames.
            raise CantRecord(self.file_path, self.problem.reason)

    def _take_parameters(
        self, params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: object
    ) -> None:
        if self.problem is not None:
            self.raise_problem()
        pending = context[RECORD_KEY] = _Pending(
            model, asked_parameters(params, context), self._clock(), time.perf_counter()
        )
        encoder = self._encoder(model, is_answer=False)
        if encoder.takes_stream:
            # Now, while it is still at its beginning.
            pending.text = _text_if_valid(encoder, pending.parameters)

    def _end_answered_call(
        self, http_response: Any, parsed: Mapping[str, Any], context: dict[str, Any], **_: object
    ) -> None:
        try:
            pending: _Pending = context[RECORD_KEY]
            status = http_response.status_code
            is_ok = status < 300
            entry = self._entry(CALL_LINE, pending, context)
            entry["request_id"] = parsed.get(_METADATA, {}).get("RequestId")
            entry["outcome"] = "ok" if is_ok else "error"
            entry["code"] = None if is_ok else parsed.get("Error", {}).get("Code")
            entry["status"] = status
            answer = self._answer(pending.model, parsed, is_ok=is_ok) if self.with_answers else None
            self._append(entry, pending, answer)
        except Exception as error:
            logger.debug("a call could not be recorded", exc_info=True)
            self._lose_line(error)

    def _end_failed_call(self, exception: Exception, context: dict[str, Any], **_: object) -> None:
        if not _was_sent(exception, context):
            return
        try:
            pending: _Pending = context[RECORD_KEY]
            is_lost = LOST_ANSWER_KEY in context or kind_of(exception) is AnswerLost
            response: Any = exception.response if isinstance(exception, ClientError) else {}
            metadata = response.get(_METADATA, {})
            entry = self._entry(CALL_LINE, pending, context)
            entry["request_id"] = metadata.get("RequestId")
            entry["outcome"] = "lost" if is_lost else "error"
            entry["code"] = response.get("Error", {}).get("Code")
            entry["status"] = metadata.get("HTTPStatusCode")
            entry["exception"] = type(exception).__name__
            self._append(entry, pending)
        except Exception as error:
            logger.debug("a call could not be recorded", exc_info=True)
            self._lose_line(error)

    def _lose_line(self, error: Exception) -> None:
        """Let nothing that goes wrong with the line of a call that was made take its result away."""
        self._stop(f"{type(error).__name__}: {redact(str(error))}")

    def _record_presigned(self, request: Any, operation_name: str, **_: object) -> None:
        context = request.context
        if not context.get("is_presign_request"):
            return
        pending: _Pending = context[RECORD_KEY]
        if "s3-presign-post-policy" in context:
            # Botocore announces a presigned form as CreateBucket; what is signed stands in its policy.
            pending.model = pending.model.service_model.operation_model(operation_name)
            pending.parameters = _form_parameters(pending.parameters, context["s3-presign-post-policy"])
        pending.began_at = self._clock()
        entry = self._entry(PRESIGNED_LINE, pending, context)
        del entry["attempts"], entry["seconds"]
        self._append(entry, pending)
        # Nobody has the URL yet.
        self.raise_problem()

    def _entry(self, record: str, pending: "_Pending", context: Mapping[str, Any]) -> dict[str, Any]:
        account, aws_region, label = _caller(context)
        model = pending.model
        service_name = model.service_model.service_name
        environment = _environment(account or ANY_RESOURCE, aws_region)
        return {
            "record": record,
            "at": datetime.fromtimestamp(pending.began_at, UTC).isoformat(),
            "service": service_name,
            "operation": model.name,
            "account": account,
            "region": aws_region,
            "identity": label,
            "resources": resource_arns(service_name, model.name, pending.parameters, environment),
            "attempts": _attempts(context),
            "seconds": round(time.perf_counter() - pending.began, 6),
        }

    def _answer(self, model: Any, parsed: Mapping[str, Any], *, is_ok: bool) -> str:
        members = {name: value for name, value in parsed.items() if name != _METADATA}
        if is_ok:
            return self._encoder(model, is_answer=True).to_json(members)
        # A wrong-signature answer repeats the request, session token included: in its message after the
        # first line, or, from S3, in members of its own, as text and as bytes in hex.
        told = members.get("Error", {})
        error = {name: told[name] for name in told if not name.startswith(_WHAT_WAS_SIGNED)}
        error["Message"] = str(error.get("Message", "")).strip().partition("\n")[0]
        return CallEncoder(model.service_model.service_name, None, with_payloads=True).to_json(
            {**members, "Error": error}
        )

    def _encoder(self, model: Any, *, is_answer: bool) -> CallEncoder:
        service_name = model.service_model.service_name
        key = (service_name, model.name, is_answer)
        encoder = self._encoders.get(key)
        if encoder is None:
            shape = model.output_shape if is_answer else model.input_shape
            encoder = CallEncoder(service_name, shape, with_payloads=self.with_answers)
            self._encoders[key] = encoder
        return encoder

    def _append(self, entry: dict[str, Any], pending: "_Pending", answer: str | None = None) -> None:
        parameters = pending.text
        if parameters is None:
            parameters = self._encoder(pending.model, is_answer=False).to_json(pending.parameters)
        if REDACTED in parameters and may_hold_secrets(" ".join(entry["resources"])):
            entry["resources"] = [redact(arn) for arn in entry["resources"]]
        line = f'{_dumps(entry)[:-1]},"parameters":{parameters}'
        self._put((f"{line}}}\n" if answer is None else f'{line},"answer":{answer}}}\n').encode())

    def _put(self, line: bytes) -> None:
        """Write a line; what is wrong with the file becomes ``problem`` and is not raised."""
        if self.problem is not None:
            # What follows a torn line could not be told from it.
            return
        try:
            written = 0
            while written < len(line):
                written += self._write(self._descriptor, line[written:] if written else line)
        except (OSError, ValueError) as error:
            self._stop(_reason(error))

    def _stop(self, reason: str) -> None:
        self.problem = CantRecord(self.file_path, f"{reason}; nothing more is sent")

    def _opened(self) -> int:
        try:
            if not self.file_path.parent.is_dir():
                raise CantRecord(self.file_path, f"there is no directory {self.file_path.parent}")
            return os.open(self.file_path, _FLAGS, 0o600)
        except (OSError, ValueError) as error:
            raise CantRecord(self.file_path, _reason(error)) from error

    def _begin(self, program: str, arguments: Sequence[str]) -> None:
        descriptor = self._descriptor
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) and not stat.S_ISCHR(found.st_mode):
            raise CantRecord(self.file_path, "it is a pipe or a socket, not a file")
        line = _dumps(
            {
                "record": RUN_LINE,
                "format": RECORDING_FORMAT,
                "program": program,
                "arguments": [redact(argument) for argument in arguments],
                "began": datetime.fromtimestamp(self._clock(), UTC).isoformat(),
            }
        )
        begin = b""
        if found.st_size:
            first_line = os.pread(descriptor, _LONGEST_FIRST_LINE, 0).partition(b"\n")[0]
            if not begins_recording(first_line):
                raise NotARecording(self.file_path, "it has something else in it, and stays as it is")
            if os.pread(descriptor, 1, found.st_size - 1) != b"\n":
                begin = b"\n"
        elif stat.S_ISREG(found.st_mode):
            os.fchmod(descriptor, 0o600)
        self._put(begin + line.encode() + b"\n")
        self.raise_problem()


def asked_parameters(parameters: Mapping[str, Any], context: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parameters without what botocore adds by itself to lists of S3."""
    if not context.get("encoding_type_auto_set"):
        return parameters
    return {name: value for name, value in parameters.items() if name != "EncodingType"}


class _Pending:
    """What is known of a call that is under way; for the thread that makes it."""

    __slots__ = ("began", "began_at", "model", "parameters", "text")

    def __init__(self, model: Any, parameters: Mapping[str, Any], began_at: float, began: float) -> None:
        self.model = model
        self.parameters = parameters
        self.text: str | None = None
        self.began_at = began_at
        self.began = began


def _text_if_valid(encoder: CallEncoder, parameters: Mapping[str, Any]) -> str | None:
    """Return the parameters as JSON; ``None`` for what botocore, which looks at them next, will refuse."""
    try:
        return encoder.to_json(parameters)
    except (TypeError, ValueError, RecursionError):
        return None


# Calls of one target come close together.
_environment = lru_cache(maxsize=256)(AwsEnvironment)


def _caller(context: Mapping[str, Any]) -> tuple[str | None, str, str]:
    """Return account, if it is known by now, region and label of whoever makes the call."""
    caller = identity_of(context)
    if caller is None:
        return None, str(context.get("client_region") or ""), _FINDS_CREDENTIALS
    if caller.aws_account is None:
        # The credentials that were got for this very call may have told it.
        client = client_of(context)
        if client is not None:
            caller = client._request_signer.current_identity()
    return caller.aws_account, caller.aws_region, caller.label


def _attempts(context: Mapping[str, Any]) -> int:
    attempts: int = context.get("retries", {}).get("attempt", 1)
    return attempts


def _was_sent(exception: Exception, context: Mapping[str, Any]) -> bool:
    """Say whether anything of a call that ended without an answer went out, or tried to."""
    if _attempts(context) > 1 or isinstance(exception, ClientError):
        return True
    pace = context.get(PACE_KEY)
    if pace is not None and pace.throttled_attempts:
        return True
    kind = kind_of(exception)
    return kind is not None and issubclass(kind, Unavailable)


def _form_parameters(parameters: Mapping[str, Any], policy: Mapping[str, Any]) -> dict[str, Any]:
    """Return bucket and key, or the beginning of it and a star, that a presigned form is for."""
    found = dict(parameters)
    for condition in policy.get("conditions", ()):
        if isinstance(condition, Mapping) and "key" in condition:
            found["Key"] = condition["key"]
        elif isinstance(condition, Sequence) and list(condition[:2]) == ["starts-with", "$key"]:
            found["Key"] = f"{condition[2]}*"
            found[KEY_START] = condition[2]
    return found


def _quick_write() -> Callable[[int, bytes], int]:
    """Return what writes as ``os.write`` does, but keeps the interpreter meanwhile.

    A line goes into the system's cache in a microsecond or two. That each of many threads lets go of the
    interpreter for it, and waits for it again, costs more than making the line.
    """
    import ctypes

    write = ctypes.PyDLL(None).write
    write.argtypes = ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t
    write.restype = ctypes.c_ssize_t

    def write_and_keep(descriptor: int, line: bytes) -> int:
        written: int = write(descriptor, line, len(line))
        # Python's own says what is wrong, and goes on after an interruption.
        return written if written >= 0 else os.write(descriptor, line)

    return write_and_keep


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        if error.errno == errno.ELOOP:
            return "it is a symbolic link"
        if error.errno == errno.ENXIO:
            return "it is a pipe or a socket, not a file"
        return error.strerror or str(error)
    return str(error)
