"""A whole project with ten services, as the scaffold writes it: checked by its own tools and tests."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from aws_operations.scaffold.files import AlreadyThere, write_folder
from aws_operations.scaffold.project_template import distribution_name, project_files
from aws_operations.scaffold.service_design import design_service
from aws_operations.scaffold.service_files import NotAProject, service_files, write_service
from aws_operations.scaffold.source_edits import CantEditSource

SERVICES = {
    "sqs": "ListQueues,SendMessage,SendMessageBatch,ReceiveMessage,GetQueueAttributes,DeleteQueue",
    "sns": "ListTopics,Publish,PublishBatch,CreateTopic,Subscribe,GetTopicAttributes",
    "lambda": "ListFunctions,GetFunction,Invoke,CreateFunction,GetFunctionConfiguration,TagResource",
    "iam": "ListUsers,GetRole,CreateUser,DeleteUser,CreateAccessKey,ListAttachedRolePolicies,"
    "GetAccountAuthorizationDetails",
    "ec2": "DescribeInstances,StartInstances,RunInstances,DescribeVpcs,DescribeVolumes,CreateTags,"
    "CreateFleet,GetPasswordData",
    "cloudwatch": "ListMetrics,PutMetricData,DescribeAlarms,GetMetricData,PutMetricAlarm",
    "logs": "DescribeLogGroups,FilterLogEvents,CreateLogGroup,PutLogEvents,StartQuery,GetQueryResults",
    "dynamodb": "ListTables,DescribeTable,CreateTable,PutItem,Query,Scan,BatchWriteItem,TransactWriteItems",
    "kms": "ListKeys,DescribeKey,Encrypt,Decrypt,GenerateDataKey,ScheduleKeyDeletion",
    "ssm": "GetParameter,PutParameter,DescribeParameters,GetParametersByPath,SendCommand,"
    "DescribeInstanceInformation",
}
# The service of the example, which has getter and reads already; shapes that hold themselves, and lists deep
# down that may not be empty; requests that botocore takes apart to find the endpoint; a checksum and a
# signature for which it wants a library that few have.
HARD_SERVICES = {
    "s3": "ListBuckets,GetBucketAcl,GetObject,PutObject,DeleteBucket,PutBucketPolicy",
    "cloudfront-keyvaluestore": "ListKeys",
    "wafv2": "GetWebACLForResource",
    "kinesis": "DescribeStream,ListStreamConsumers,PutRecord",
    "events": "PutEvents",
    "route53": "ListHostedZones",
}
# These take long, and test what every project takes over as it is; the reference's own run does so too.
TESTED_IN_THE_REFERENCE = (
    "any_input",
    "aws_client_provider",
    "check_bucket",
    "metrics",
    "s3_wrapper",
    "wrong_configuration",
)
PROGRAM_PARTS = ("core", "example_service", "tests", "main.py", "pyproject.toml", "README.md", ".gitignore")


def add_service(project: Path, name: str, operations: str) -> None:
    write_service(project, service_files(project, design_service(name, operations.split(","))))


def run_in(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COV"))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def empty_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scaffold") / "empty"
    write_folder(folder, project_files("empty"))
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scaffold") / "ten"
    write_folder(folder, project_files("Ten Services!"))
    for name, operations in (SERVICES | HARD_SERVICES).items():
        add_service(folder, name, operations)
    return folder


@pytest.fixture
def own_project(empty_project: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(empty_project, tmp_path / "own"))


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("ruff", "check", "--no-cache"),
        ("ruff", "format", "--check", "--no-cache"),
        ("mypy", "--warn-unreachable"),
    ],
    ids=["check", "format", "mypy"],
)
def test_WHEN_ten_services_are_in_a_project_THEN_its_own_checks_pass(
    arguments: tuple[str, ...], project: Path
) -> None:
    done = run_in(project, "-m", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def test_WHEN_ten_services_are_in_a_project_THEN_their_tests_and_those_of_the_project_pass(
    project: Path,
) -> None:
    left_out = [f"--ignore=tests/test_{name}.py" for name in TESTED_IN_THE_REFERENCE]
    done = run_in(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", *left_out)
    assert done.returncode == 0, done.stdout[-3000:]
    names = {path.name for path in (project / "tests").glob("test_*.py")}
    assert {"test_sqs_wrapper.py", "test_sqs_commands.py", "test_lambda_wrapper.py"} <= names


def test_WHEN_a_project_is_started_THEN_it_has_the_program_and_the_reference_as_it_is(
    empty_project: Path,
) -> None:
    assert sorted(path.name for path in empty_project.iterdir()) == sorted(PROGRAM_PARTS)
    reference = Path(__file__).parents[3] / "reference_implementation"
    for part in ("core", "example_service", "tests"):
        for path in (reference / part).rglob("*.py"):
            assert (empty_project / path.relative_to(reference)).read_bytes() == path.read_bytes()


def test_WHEN_the_program_lists_its_services_THEN_it_imports_none_of_them(project: Path) -> None:
    script = (
        "import sys; from click.testing import CliRunner; from main import main\n"
        "done = CliRunner().invoke(main, ['--help'])\n"
        "assert done.exit_code == 0, done.output\n"
        "assert 'Simple Queue Service' in done.output and '  lambda ' in done.output\n"
        "assert not {'botocore', 'sqs', 'lambda_'} & set(sys.modules)\n"
    )
    done = run_in(project, "-c", script)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["sqs", "send-message", "https://queue", "text"], 6, "no listed read and needs --yes"),
        (["sqs", "list-queues", "--profile", "nobody"], 3, "nobody"),
        (["ec2", "describe-instances", "--filters", '[{"nme": "x"}]'], 2, "no 'nme'"),
        (["ec2", "describe-instances", "--filters", "[{"], 2, "--filters"),
        (["sqqs"], 2, "No such command"),
        (["ssm", "put-parameter", "--value", "missing-file", "name"], 2, "taken from a file"),
    ],
)
def test_WHEN_a_command_of_the_project_is_used_wrongly_THEN_it_says_so_AND_sends_nothing(
    arguments: list[str], code: int, part: str, project: Path
) -> None:
    done = run_in(project, "main.py", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert part in done.stderr
    assert "Traceback" not in done.stderr


def test_WHEN_the_project_is_packed_THEN_program_and_services_are_in_it_AND_tests_are_not(
    project: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(project, tmp_path / "copy", ignore=shutil.ignore_patterns(".mypy_cache"))
    done = run_in(copy, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path / "dist"))
    assert done.returncode == 0, done.stdout + done.stderr
    [wheel] = (tmp_path / "dist").glob("ten_services-0.1.0-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"main.py", "core/command_line.py", "lambda_/lambda_wrapper.py"} <= set(names)
    assert not [name for name in names if name.startswith("tests/")]


def test_WHEN_the_service_is_there_THEN_it_is_refused_whole(own_project: Path) -> None:
    add_service(own_project, "sqs", "ListQueues")
    before = contents(own_project)
    with pytest.raises(AlreadyThere, match="sqs already"):
        add_service(own_project, "sqs", "SendMessage")
    assert contents(own_project) == before


def test_WHEN_one_of_the_files_is_there_THEN_nothing_is_written(own_project: Path) -> None:
    (own_project / "tests" / "test_sqs_commands.py").write_text("mine", encoding="utf-8")
    before = contents(own_project)
    with pytest.raises(AlreadyThere, match=r"test_sqs_commands\.py"):
        add_service(own_project, "sqs", "ListQueues")
    assert contents(own_project) == before


def test_WHEN_the_service_is_that_of_the_example_THEN_getter_and_rows_are_kept(project: Path) -> None:
    provider = (project / "core" / "aws_client_provider.py").read_text(encoding="utf-8")
    assert provider.count("def get_s3(") == 1
    rows = (project / "core" / "read_operations.py").read_text(encoding="utf-8")
    assert '"GetBucketAcl"' in rows
    assert '"GetObject"' in rows
    assert (project / "tests" / "test_s3_service_wrapper.py").is_file()


@pytest.mark.parametrize(
    "missing", ["core/aws_client_provider.py", "core/command_line.py", "tests/answers.py"]
)
def test_WHEN_the_folder_is_no_project_THEN_it_names_what_is_missing(missing: str, own_project: Path) -> None:
    (own_project / missing).unlink()
    with pytest.raises(NotAProject, match=missing):
        add_service(own_project, "sqs", "ListQueues")
    assert not (own_project / "sqs").exists()


def test_WHEN_the_provider_was_rewritten_THEN_the_service_is_refused_with_the_reason(
    own_project: Path,
) -> None:
    (own_project / "core" / "aws_client_provider.py").write_text("x = 1\n", encoding="utf-8")
    with pytest.raises(CantEditSource, match="no class AwsClientProvider"):
        add_service(own_project, "sqs", "ListQueues")
    assert not (own_project / "sqs").exists()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("My Tool", "my-tool"), ("a_b", "a-b"), ("...", "aws-operations"), ("é", "aws-operations")],
)
def test_WHEN_a_folder_has_any_name_THEN_the_project_has_one_that_may_be(name: str, expected: str) -> None:
    assert distribution_name(name) == expected
