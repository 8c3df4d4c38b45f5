"""Ten services whole, as they would stand in a project: laid out, lint-clean, and typed in one run."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aws_operations.scaffold.service_design import ServiceDesign, design_service
from aws_operations.scaffold.source_format import formatted
from aws_operations.scaffold.wrapper_source import wrapper_source
from tests.support.generated_modules import REFERENCE

ROOT = REFERENCE.parent
OPERATIONS = {
    "sqs": ("ListQueues", "SendMessage", "SendMessageBatch", "ReceiveMessage", "DeleteQueue"),
    "sns": ("ListTopics", "Publish", "PublishBatch", "Subscribe", "GetTopicAttributes"),
    "lambda": ("ListFunctions", "CreateFunction", "Invoke", "GetFunctionConfiguration", "TagResource"),
    "iam": ("ListUsers", "GetAccountAuthorizationDetails", "CreateAccessKey", "GetRole", "DeleteUser"),
    "ec2": ("DescribeInstances", "RunInstances", "DescribeVolumes", "CreateFleet", "GetPasswordData"),
    "cloudwatch": ("ListMetrics", "PutMetricData", "GetMetricData", "DescribeAlarms", "PutMetricAlarm"),
    "logs": ("DescribeLogGroups", "FilterLogEvents", "PutLogEvents", "StartQuery", "GetQueryResults"),
    "dynamodb": ("Query", "Scan", "PutItem", "BatchWriteItem", "TransactWriteItems", "CreateTable"),
    "kms": ("ListKeys", "Decrypt", "Encrypt", "GenerateDataKey", "DescribeKey"),
    "ssm": ("GetParameter", "GetParametersByPath", "SendCommand", "DescribeInstanceInformation"),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "core").mkdir()
    (folder / "services").mkdir()
    for package in ("core", "services"):
        (folder / package / "__init__.py").write_text('"""A package."""\n')
    shutil.copy(REFERENCE / "core" / "aws_errors.py", folder / "core")
    designs = [design_service(service, names) for service, names in OPERATIONS.items()]
    (folder / "core" / "aws_client_provider.py").write_text(formatted(provider_source(designs)))
    for design in designs:
        path = folder / "services" / f"{design.module_name}.py"
        path.write_text(formatted(wrapper_source(design)), encoding="utf-8")
    return folder


def provider_source(designs: list[ServiceDesign]) -> str:
    getters = "".join(
        f'    def {design.getter_name}(self) -> Any:\n        """Return the client."""\n'
        for design in designs
    )
    opening = '"""A provider."""\nfrom typing import Any\nclass AwsClientProvider:\n    """All getters."""\n'
    return f"{opening}{getters}"


def run(project: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=project, capture_output=True, encoding="utf-8", check=False
    )
    return done.stdout + done.stderr


def test_WHEN_ten_services_are_written_THEN_the_linter_finds_nothing(project: Path) -> None:
    config = ROOT / "pyproject.toml"
    said = run(project, "ruff", "check", "--no-cache", f"--config={config}", "services")
    assert "All checks passed" in said
    said = run(project, "ruff", "format", "--check", "--no-cache", f"--config={config}", "services")
    assert "already formatted" in said


def test_WHEN_ten_services_are_written_THEN_strict_types_hold(project: Path) -> None:
    said = run(project, "mypy", "--strict", "--python-version=3.11", "--warn-unreachable", "core", "services")
    assert "Success: no issues found" in said
