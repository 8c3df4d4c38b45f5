"""How the command lines of ``s3`` are understood; nothing is sent."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from aws_operations.s3.audit import Check
from commands.s3_guarding import CHECKS
from commands.shapes import FileWork
from tests.support import command_lines

BUCKET = "a-bucket"


understand = partial(command_lines.understand, "s3")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["put", "-", BUCKET, "k"], ["stdin and stdout are not supported", "./-"]),
        (["get", BUCKET, "k", "-"], ["stdin and stdout are not supported", "./-"]),
        (["presign", BUCKET, "k", "--content-type", "text/csv"], ["--content-type goes with"]),
        (["presign", BUCKET, "k", "--method", "put", "--max-size", "1"], ["go with --method post"]),
        (["presign", BUCKET, "k", "--min-size", "0"], ["go with --method post"]),
        (["presign", BUCKET, "k", "--expires-in", "2h"], ["--long-expiry"]),
        (["presign", BUCKET, "k", "--expires-in", "soon"], ["1 to 604800 seconds"]),
        (["ls", f"s3://{BUCKET}/foo"], [f"s3://{BUCKET}/foo", "--prefix"]),
        (["ls", f"{BUCKET}/foo"], ["--prefix"]),
        (["ls", "--prefix", "a"], ["--prefix goes with a bucket"]),
        (["ls", "--one-level"], ["--recursive goes with a bucket"]),
        (["ls", "--match", "*"], ["--match goes with a bucket"]),
        (["ls", BUCKET, "--one-level", "--versions"], ["do not go together"]),
        (["ls", BUCKET, "--min-size", "1.5G"], ["'1.5G' is not a size such as 500, 10K, 5M or 1GiB"]),
        (["ls", BUCKET, "--older-than", "5y"], ["'5y' is not a time such as 2026-01-31"]),
        (["ls", BUCKET, "--newer-than", "2026-02-30"], ["is not a time such as"]),
        (["ls", BUCKET, "--newer-than", "999999w"], ["is not a time such as"]),
        (["du"], ["Missing argument 'BUCKET...'"]),
        (["du", BUCKET, "--depth", "21"], ["0<=x<=20"]),
        (["rm", f"s3://{BUCKET}/foo", "k"], ["give bucket and key as two words"]),
        (["create", "samples-{acount}"], ["unknown placeholder {acount}"]),
        (["status", f"arn:aws:s3:::{BUCKET}"], ["is an ARN, give the name"]),
        (["put", "", BUCKET, "k"], ["path is empty"]),
        (["tags", "set", BUCKET, "a=1", "a=2"], ["tag 'a' is given twice"]),
        (["put", "f", BUCKET, "k", "--metadata", "a=1", "--metadata", "a=1"], ["'a' is given twice"]),
        (["encryption", "set", BUCKET, "AES256", "--kms-key", "alias/k"], ["--kms-key goes with aws:kms"]),
        (["encryption", "set", BUCKET, "AES256", "--bucket-key"], ["--bucket-key goes with aws:kms"]),
        (["encryption", "set", BUCKET, "aws:kms:dsse", "--bucket-key"], ["--bucket-key goes with aws:kms"]),
        (["undelete", BUCKET], ["Missing option '--to'"]),
        (["undelete", BUCKET, "--to", "2999-01-01"], ["--to is a time to come"]),
        (["undelete", BUCKET, "--to", "yesterday"], ["is not a time such as"]),
        (["harden"], ["name buckets, or give --all-buckets; not both"]),
        (["harden", BUCKET, "--all-buckets"], ["name buckets, or give --all-buckets; not both"]),
        (["harden", BUCKET, "--only", "lifecycle"], ["'lifecycle' is not one of"]),
        (["harden", BUCKET, "--uploads-end-after", "0"], ["0 is not in the range"]),
        (["audit", BUCKET, "--check", "all"], ["'all' is not one of 'public-access'"]),
        (["public-access", "set", BUCKET, "open", "--except", "acls"], ["--except goes with blocked"]),
        (["public-access", "set", BUCKET, "closed"], ["'closed' is not one of 'blocked', 'open'"]),
        (["encryption", "set", BUCKET, "aws:fsx"], ["AES256", "aws:kms:dsse"]),
    ],
)
def test_WHEN_a_command_line_makes_no_sense_THEN_it_is_a_usage_error_that_says_why(
    arguments: list[str], parts: list[str]
) -> None:
    result, work = understand(*arguments)
    assert (result.exit_code, work) == (2, None), result.output
    shown = " ".join(result.output.split())
    for part in parts:
        assert part in shown


@pytest.mark.parametrize(("given", "key"), [("folder/", "folder/report.csv"), ("folder", "folder")])
def test_WHEN_putting_AND_the_key_ends_in_a_slash_THEN_the_name_of_the_file_goes_after_it(
    given: str, key: str
) -> None:
    result, work = understand("put", "reports/report.csv", BUCKET, given)
    assert result.exit_code == 0, result.output
    assert work.args[2] == key


def test_WHEN_getting_AND_a_file_is_named_dash_with_its_folder_THEN_that_is_a_name() -> None:
    result, work = understand("get", BUCKET, "k", "./-")
    assert result.exit_code == 0, result.output
    assert isinstance(work, FileWork)
    assert work.destination == "./-"


@pytest.mark.parametrize("given", [BUCKET, f"s3://{BUCKET}", f"s3://{BUCKET}/"])
def test_WHEN_a_bucket_has_its_scheme_before_it_THEN_its_name_is_taken(given: str) -> None:
    result, work = understand("ls", given)
    assert result.exit_code == 0, result.output
    assert work.args[0] == BUCKET


def test_WHEN_sizes_and_times_have_units_THEN_they_are_bytes_and_moments() -> None:
    line = ["--min-size", "10K", "--max-size", "1GiB", "--newer-than", "2026-01-31T18:00+02:00"]
    result, work = understand("ls", BUCKET, *line, "--older-than", "2w", "--match", "a*", "--match", "b*")
    assert result.exit_code == 0, result.output
    wanted = work.keywords["wanted"]
    assert (wanted.min_size, wanted.max_size, wanted.patterns) == (10_240, 1024**3, ("a*", "b*"))
    assert wanted.newer_than == datetime(2026, 1, 31, 16, tzinfo=UTC)
    assert timedelta(days=13) < datetime.now(UTC) - wanted.older_than < timedelta(days=15)
    assert understand("ls", BUCKET, "--older-than", "2026-01-31")[1].keywords[
        "wanted"
    ].older_than == datetime(2026, 1, 31, tzinfo=UTC)


def test_WHEN_presigning_AND_words_are_in_capitals_and_time_has_a_unit_THEN_they_are_understood() -> None:
    result, work = understand("presign", BUCKET, "k", "--method", "PUT", "--expires-in", "15m")
    assert result.exit_code == 0, result.output
    request = work.args[0]
    assert (request.method, request.expires_in, request.min_size) == ("put", 900, 0)
    assert understand("presign", BUCKET, "k", "--expires-in", "2h", "--long-expiry")[0].exit_code == 0
    assert understand("versioning", "set", BUCKET, "Enabled")[1].args[1] == "enabled"


def test_WHEN_checks_are_offered_THEN_they_are_those_that_the_audit_knows() -> None:
    assert [*CHECKS] == [*Check]
    assert understand("audit", "--check", "ownership")[1].keywords["checks"] == ("ownership",)


def test_WHEN_some_public_access_stays_open_THEN_the_rest_is_blocked() -> None:
    _, work = understand("public-access", "set", BUCKET, "blocked", "--except", "acls")
    assert work.args[1] == {
        "block_acls": True,
        "ignore_acls": False,
        "block_policy": True,
        "restrict_buckets": True,
    }
    assert set(understand("public-access", "set", BUCKET, "open")[1].args[1].values()) == {False}


def test_WHEN_tags_are_of_an_object_THEN_both_commands_take_its_key_alike() -> None:
    assert understand("tags", "get", BUCKET, "--key", "k")[1].args == (BUCKET, "k")
    assert understand("tags", "set", BUCKET, "a=b", "--key", "k")[1].args == (BUCKET, "k", {"a": "b"})
    assert understand("tags", "get", BUCKET, "k")[0].exit_code == 2
