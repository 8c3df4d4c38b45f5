from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from aws_interactions import aws_errors
from aws_interactions.aws_errors import translate_aws_errors
from aws_interactions.credential_errors import NoRegion, ProfileDoesntExist
from aws_interactions.local_files import CantWriteFileAlreadyExists
from aws_interactions.s3_interactions.errors import S3ObjectAlreadyExists
from aws_operations.changes import CarriedOutInPart
from aws_operations.targets import Target
from commands.error_lines import bug_line, error_line, place
from commands.exit_codes import ExitCode, exit_code_for

BUCKET = "arn:aws:s3:::demo"


def translated(code: str, message: str = "no") -> Exception:
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"RequestId": "REQ1"}}
    refused = ClientError(answer, "HeadBucket")  # type: ignore[arg-type]
    try:
        with translate_aws_errors("s3", BUCKET):
            raise refused
    except (aws_errors.AwsInteractionError, ClientError) as error:
        return error


def test_WHEN_access_is_denied_THEN_line_says_everything() -> None:
    line = error_line(translated("AccessDenied"), Target("eu-west-1", "123456789012"))

    assert line == (
        "HeadBucket: no permission for s3:ListBucket on arn:aws:s3:::demo in aws://123456789012/eu-west-1 "
        "(AWS: AccessDenied, request REQ1); this call changed nothing; "
        "allow s3:ListBucket, or act as somebody else"
    )


@pytest.mark.parametrize("is_planning", [True, False])
def test_WHEN_a_read_is_refused_THEN_it_goes_without_saying_that_nothing_changed_BUT_where_it_was_to_be(
    is_planning: bool,
) -> None:
    line = error_line(translated("AccessDenied"), is_read=True, is_planning=is_planning, is_only=True)

    assert ("changed nothing" in line) is is_planning
    assert "allow s3:ListBucket" in line


def test_WHEN_a_profile_does_not_exist_THEN_line_names_no_region_AND_what_could_be_meant() -> None:
    line = error_line(
        ProfileDoesntExist("nobody", ["admin"]), Target("eu-west-1"), is_read=True, is_only=True
    )

    assert line == (
        "profile 'nobody' does not exist (configured: admin); "
        "check --profile, --region, --env and the AWS_... variables"
    )


def test_WHEN_error_is_of_no_known_kind_THEN_line_has_code_and_request() -> None:
    line = error_line(translated("Teapot", "short and stout"))

    assert "HeadBucket" in line
    assert "short and stout" in line
    assert "(AWS: Teapot, request REQ1)" in line


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (aws_errors.AnswerLost("x"), "the outcome is unknown"),
        (aws_errors.NotFound("x"), "check the name"),
        (aws_errors.Throttled("x"), "wait a little"),
        (aws_errors.Unavailable("x"), "check the network"),
        (aws_errors.CredentialsProblem("x"), "check --profile"),
        (aws_errors.WrongAccount(expected_account="1", actual_account="2"), "nothing else was sent"),
        (aws_errors.Conflict("x"), "present state"),
    ],
)
def test_WHEN_kind_is_known_THEN_line_says_what_changed_or_what_to_do_next(
    error: Exception, part: str
) -> None:
    assert part in error_line(error)


def test_WHEN_part_of_a_batch_failed_THEN_line_does_not_claim_that_nothing_changed() -> None:
    class SomeKept(aws_errors.Conflict):
        failures = ("a",)

    line = error_line(SomeKept("1 of 3 kept"))

    assert "changed nothing" not in line
    assert "the rest of the batch was carried out" in line


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        (
            "Invalid FilterExpression: Attribute name is a reserved keyword; reserved keyword: Status",
            """write #Status in its place and give --names '{"#Status": "Status"}'""",
        ),
        ("The provided key element does not match the schema", "'dynamodb describe' shows them"),
        ("The table name is too short", "correct the value"),
    ],
)
def test_WHEN_dynamodb_finds_a_request_wrong_THEN_line_says_how_to_write_it(
    message: str, advice: str
) -> None:
    assert error_line(translated("ValidationException", message)).endswith(advice)


@pytest.mark.parametrize("text", ["two\nlines", "a\x1b[2Jb", "tab\there", "lone \ud800"])
def test_WHEN_message_has_line_ends_or_controls_THEN_it_is_one_harmless_line(text: str) -> None:
    for line in (error_line(aws_errors.NotFound(text)), bug_line(ValueError(text))):
        assert line.isprintable()
        line.encode("utf-8")


def test_WHEN_error_is_a_bug_THEN_line_names_its_type_and_how_to_see_more() -> None:
    assert (
        error_line(ZeroDivisionError("by zero")) == "bug: ZeroDivisionError: by zero; see more with --debug"
    )


def test_WHEN_message_holds_a_token_THEN_line_does_not() -> None:
    line = error_line(aws_errors.Unavailable("https://h/?X-Amz-Security-Token=SentinelToken123&a=b"))

    assert "SentinelToken123" not in line


def test_WHEN_a_read_lost_its_answer_THEN_nothing_is_called_unknown() -> None:
    line = error_line(aws_errors.AnswerLost("x: read timed out"), is_read=True)

    assert line.startswith("x: read timed out; it was a read, nothing was changed; ")
    assert "unknown" not in line


@pytest.mark.parametrize(
    "error", [CantWriteFileAlreadyExists(Path("there")), S3ObjectAlreadyExists("bucket", "there")]
)
def test_WHEN_something_is_in_the_way_THEN_line_says_how_to_replace_it(error: Exception) -> None:
    assert "replace it with --overwrite" in error_line(error)


def test_WHEN_a_local_file_is_at_fault_THEN_line_does_not_place_it_in_a_region() -> None:
    line = error_line(CantWriteFileAlreadyExists(Path("there")), Target("eu-west-1", "123456789012"))

    assert "it already exists (aws://123456789012/eu-west-1)" in line


def test_WHEN_a_change_was_carried_out_in_part_THEN_line_says_so_and_exit_code_is_partial() -> None:
    error = CarriedOutInPart("it held 3 and now holds 1", resource=BUCKET)

    assert "part of it was carried out; look at what is left" in error_line(error)
    assert exit_code_for(error) is ExitCode.PARTIAL


def test_WHEN_the_account_is_not_known_THEN_line_names_the_region_alone() -> None:
    assert "x in eu-west-1; " in error_line(aws_errors.NotFound("x"), Target("eu-west-1"))


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (Target("eu-west-1", "123456789012", "prod"), "aws://123456789012/eu-west-1 as profile prod"),
        (Target("eu-west-1", None, "prod"), "eu-west-1 as profile prod"),
        (Target("-", None, "prod"), "profile prod"),
    ],
)
def test_WHEN_a_target_is_of_a_profile_THEN_its_place_says_so(target: Target, shown: str) -> None:
    assert place(target) == shown


def test_WHEN_a_check_on_this_machine_refuses_THEN_line_speaks_neither_of_aws_nor_of_changes() -> None:
    error = aws_errors.InvalidInput("x: no bucket is called that")
    here = Target("eu-west-1", "123456789012")

    assert error_line(error, here, is_only=True) == "x: no bucket is called that; correct the value"
    assert "that (aws://123456789012/eu-west-1); correct" in error_line(error, here)


def test_WHEN_aws_refuses_a_value_THEN_line_says_where_and_that_nothing_changed() -> None:
    line = error_line(translated("InvalidArgument"), Target("eu-west-1", "123456789012"), is_only=True)

    assert "in aws://123456789012/eu-west-1" in line
    assert "this call changed nothing" in line


def test_WHEN_a_call_is_about_no_one_thing_THEN_line_does_not_begin_with_a_star() -> None:
    line = error_line(aws_errors.Unavailable("*: Could not connect", resource="*"))

    assert line.startswith("Could not connect; ")


def test_WHEN_there_is_no_region_THEN_line_says_how_to_give_one() -> None:
    line = error_line(NoRegion(["AWS_REGION"]))

    assert "--region eu-west-1" in line
    assert "MANAGE_RESOURCES_REGION" in line
    assert "configuration file" in line


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(36, "File name too long", "long"), "long: File name too long"),
        (OSError(28, "No space left on device"), "No space left on device"),
    ],
)
def test_WHEN_the_system_refuses_THEN_line_has_its_words_without_a_number(error: OSError, line: str) -> None:
    assert error_line(error) == line
