"""An error as one line: what was refused, where, AWS's words for it, what changed, what to do next."""

import os
import re
from typing import TYPE_CHECKING

from commands.exit_codes import ExitCode, exit_code_for, is_edge_kind, is_loaded_kind
from commands.row_formats import visible

if TYPE_CHECKING:
    from aws_operations.targets import Target

_NOTHING_CHANGED = "this call changed nothing"
_UNKNOWN = "the outcome is unknown: it may have been carried out"
_LOST_READ = ("it was a read, nothing was changed", "check the network and --read-timeout, then run it again")
_IN_PART = ("part of it was carried out", "look at what is left, then run it again")

_ADVICE_BY_KIND: tuple[tuple[str, str, str], ...] = (
    ("AnswerLost", _UNKNOWN, "look at the resource before running it again"),
    ("WaitTimedOut", "how it ends is unknown", "look again, or wait longer with --timeout"),
    ("ReadOnlyViolation", "", "--dry-run lets only reads through; without it, please report this"),
    ("LocalFileProblem", "", "check the path and its folder"),
    (
        "WrongAccount",
        "nothing else was sent",
        "check --profile, --assume-role-arn and --env",
    ),
    ("CredentialsProblem", _NOTHING_CHANGED, "check --profile, --region, --env and the AWS_... variables"),
    ("NotFound", _NOTHING_CHANGED, "check the name, the account and the region"),
    ("AlreadyExists", _NOTHING_CHANGED, "choose another name, or look at what is there"),
    ("AccessDenied", _NOTHING_CHANGED, ""),
    ("Conflict", _NOTHING_CHANGED, "look at its present state, then run it again"),
    ("Throttled", _NOTHING_CHANGED, "wait a little, then run it again"),
    ("InvalidInput", _NOTHING_CHANGED, "correct the value"),
    ("Unavailable", _NOTHING_CHANGED, "check the network, --region and --endpoint-url, then run it again"),
)

_ANY_RESOURCE = "*"
_NO_REGION = ("aws_interactions.credential_errors", "NoRegion")
_NO_PROFILE = ("aws_interactions.credential_errors", "ProfileDoesntExist")
_GIVE_A_REGION = (
    "give it with --region eu-west-1, with MANAGE_RESOURCES_REGION, or as region in the configuration file"
)

_REPLACE_IT = "choose another name, or replace it with --overwrite"
# Goes before the advice by kind; the first that fits counts.
_NEXT_STEP_BY_ERROR = (
    # The --overwrite of that command is about items.
    (
        "aws_operations.dynamodb.batch_changes",
        "LeftOverFileExists",
        "choose another name, or remove the file",
    ),
    ("aws_operations.plan_file", "PlanFileExists", "choose another name, or remove the file"),
    ("aws_operations.plan_file", "PlanFileBroken", ""),
    ("aws_interactions.local_files", "CantWriteFileAlreadyExists", _REPLACE_IT),
    ("aws_interactions.s3_interactions.errors", "S3ObjectAlreadyExists", _REPLACE_IT),
    ("aws_operations.dynamodb.change_parts", "ItemAlreadyExists", _REPLACE_IT),
    ("aws_operations.dynamodb.batch_changes", "ItemsAlreadyExist", _REPLACE_IT),
    (
        "aws_operations.journal.journal_errors",
        "JournalUnusable",
        "see that it can be written, or name another state folder with XDG_STATE_HOME",
    ),
    ("aws_operations.journal.journal_errors", "NoSuchRun", "see 'runs list'"),
    ("aws_operations.scaffold.service_design", "UnknownService", "see the name of the client in boto3"),
    ("aws_operations.scaffold.service_design", "UnknownOperation", ""),
    ("aws_operations.scaffold.service_design", "UnsupportedOperation", "leave it out"),
    ("aws_operations.scaffold.service_files", "NotAProject", ""),
    ("aws_operations.scaffold.source_edits", "CantEditSource", ""),
    ("aws_operations.policies", "NothingToAllow", "record a run that calls AWS with --record"),
    # Their messages say themselves what to do instead.
    ("aws_interactions.iam_interactions", "PoliciesNotSimulated", ""),
    ("aws_operations.policies", "IdentityToChoose", ""),
    ("aws_interactions.rds_interactions.errors", "ClusterMemberNotAlone", ""),
    ("aws_operations.cluster.cluster_errors", "KindStaysHere", ""),
    ("aws_interactions.provider_specification", "CantTravel", ""),
)

# AWS has one code, ValidationException, for all that it finds wrong with a request to DynamoDB: only the
# text tells these.
_ADVICE_BY_TEXT = (
    (re.compile(r"reserved keyword: (\w+)"), r"""write #\1 in its place and give --names '{"#\1": "\1"}'"""),
    (
        re.compile(r"key element does not match the schema"),
        "give each attribute of the key in its type; 'dynamodb describe' shows them",
    ),
)


def error_line(
    error: BaseException,
    target: "Target | None" = None,
    *,
    is_read: bool = False,
    is_planning: bool = False,
    is_only: bool = False,
) -> str:
    """Return the line for standard error, without ``error:`` before it; secrets are taken out.

    ``is_read``: nothing but reads were sent, so that a lost answer leaves nothing unknown; that these changed
    nothing goes without saying, but where ``is_planning`` says that something was to be changed.
    ``is_only``: there is no other target, so that what is wrong on this machine need not be told apart by
    target.

    It ends without a full stop, so that a caller can add to it.
    """
    if exit_code_for(error) is ExitCode.BUG:
        return bug_line(error, target)
    changed, next_step = _advice(error, is_read=is_read)
    if is_read and not is_planning and changed == _NOTHING_CHANGED:
        changed = ""
    where = _where(target)
    if target is not None and _is_local(error):
        # What is wrong is not there, it is only meant for there.
        where = "" if is_only else f" ({place(target)})"
    parts = [_subject(error) + one_line(_message(error)).removesuffix(".") + where + _answer(error)]
    parts.extend(part for part in (changed, next_step) if part)
    return redacted("; ".join(parts))


def bug_line(error: BaseException, target: "Target | None" = None) -> str:
    """Return the line for an error that nobody foresaw."""
    return redacted(
        f"bug: {type(error).__name__}: {one_line(str(error))}{_where(target)}; see more with --debug"
    )


def place(target: "Target") -> str:
    """Return account and region of a target, or the region alone while nobody knows the account.

    With the profile, where several were chosen.
    """
    where = str(target) if target.aws_account else target.aws_region
    if not target.aws_profile:
        return where
    # A profile without a region is nowhere.
    return f"{where} as profile {target.aws_profile}" if where != "-" else f"profile {target.aws_profile}"


def one_line(text: str) -> str:
    """Return text on one line, blanks joined, control characters made visible."""
    return visible(" ".join(text.split()))


def redacted(text: str) -> str:
    """Return the text without keys, tokens and signatures."""
    from aws_interactions.secret_redaction import redact

    return redact(text)


def _is_local(error: BaseException) -> bool:
    """Whether a check on this machine found it, so that nothing was asked of AWS."""
    if is_edge_kind(error, "LocalFileProblem") or is_loaded_kind(error, *_NO_PROFILE):
        return True
    return is_edge_kind(error, "InvalidInput") and getattr(error, "operation_name", None) is None


def _message(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        about = error.filename if error.filename is not None else ""
        return f"{os.fsdecode(about)}: {error.strerror}" if about else error.strerror
    return (str(error) or type(error).__name__).removeprefix(f"{_ANY_RESOURCE}: ")


def _advice(error: BaseException, *, is_read: bool) -> tuple[str, str]:
    if is_read and is_edge_kind(error, "AnswerLost"):
        return _LOST_READ
    if exit_code_for(error) is ExitCode.PARTIAL:
        return _IN_PART
    found = next(
        ((c, n) for kind, c, n in _ADVICE_BY_KIND if is_edge_kind(error, kind)), _advice_by_status(error)
    )
    if is_loaded_kind(error, *_NO_REGION):
        return "", _GIVE_A_REGION
    # A batch that was carried out in part says itself what failed.
    changed = "the rest of the batch was carried out" if getattr(error, "failures", None) else found[0]
    if _is_local(error):
        changed = ""
    for module, kind, next_step in _NEXT_STEP_BY_ERROR:
        if is_loaded_kind(error, module, kind):
            return changed, next_step
    actions = getattr(error, "iam_actions", ())
    if actions:
        return changed, f"allow {' and '.join(actions)}, or act as somebody else"
    return changed, _advice_by_text(error) or found[1]


def _advice_by_text(error: BaseException) -> str:
    """Return advice for what AWS found wrong with a request, empty if its words say enough."""
    if not is_edge_kind(error, "InvalidInput") or error.__cause__ is None:
        return ""
    seen = ((pattern.search(str(error)), advice) for pattern, advice in _ADVICE_BY_TEXT)
    return next((match.expand(advice) for match, advice in seen if match), "")


def _advice_by_status(error: BaseException) -> tuple[str, str]:
    """Return advice for an answer of AWS that is of no known kind."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return "", ""
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0
    return _NOTHING_CHANGED if 400 <= status < 500 else "", "look the code up in the service's documentation"


def _subject(error: BaseException) -> str:
    operation = getattr(error, "operation_name", None)
    resource = getattr(error, "resource", None)
    known = (part for part in (operation, resource) if part and part != _ANY_RESOURCE)
    head = " ".join(str(part) for part in known if str(part) not in str(error))
    return f"{one_line(head)}: " if head else ""


def _where(target: "Target | None") -> str:
    return f" in {place(target)}" if target is not None else ""


def _answer(error: BaseException) -> str:
    response = getattr(error, "response", None) or getattr(error.__cause__, "response", None)
    if not isinstance(response, dict):
        return ""
    code = response.get("Error", {}).get("Code")
    request_id = response.get("ResponseMetadata", {}).get("RequestId")
    parts = [f"AWS: {code}" if code else "", f"request {request_id}" if request_id else ""]
    inner = ", ".join(part for part in parts if part)
    return f" ({one_line(inner)})" if inner else ""
