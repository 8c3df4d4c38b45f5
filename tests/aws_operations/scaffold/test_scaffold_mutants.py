"""Faults put into a generated wrapper and its commands, each of which their generated tests find."""

import os
import shutil
import subprocess
import sys

import pytest

from aws_operations.scaffold.files import write_folder
from aws_operations.scaffold.project_template import project_files
from aws_operations.scaffold.service_design import design_service
from aws_operations.scaffold.service_files import service_files, write_service

OPERATIONS = ("ListQueues", "SendMessage", "ReceiveMessage", "GetQueueAttributes")
WRAPPER = "sqs/sqs_wrapper.py"
COMMANDS = "sqs/commands.py"
FAULTS = {
    "none": (WRAPPER, "", ""),
    "an answer is lost": (
        WRAPPER,
        'messages=tuple(_read_message(each) for each in found.get("Messages", ()))',
        "messages=()",
    ),
    "another member is read": (WRAPPER, 'body=found.get("Body")', 'body=found.get("MD5OfBody")'),
    "a map is lost": (WRAPPER, 'attributes=dict(found.get("Attributes", {}))', "attributes={}"),
    "another member is sent": (
        WRAPPER,
        '"BinaryValue": value.binary_value',
        '"BinaryValue": value.string_value',
    ),
    "a parameter is dropped": (WRAPPER, '"DelaySeconds": delay_seconds', '"DelaySeconds": None'),
    "pages end early": (WRAPPER, 'PaginationConfig={"PageSize": page_size}', "PaginationConfig={}"),
    "a command passes nothing on": (COMMANDS, "delay_seconds=delay_seconds,", "delay_seconds=None,"),
}
# One process that has imported everything, and a child of it for each folder.
SCRIPT = """
import os, sys
import botocore.session, botocore.stub, click.testing, moto, pytest
children = {}
for folder in sys.argv[1:]:
    child = os.fork()
    if not child:
        os.chdir(folder)
        tests = ["tests/test_sqs_wrapper.py", "tests/test_sqs_commands.py"]
        os._exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests]))
    children[folder] = child
for folder, child in children.items():
    print(os.path.basename(folder), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def exit_codes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return how the generated tests end with each fault."""
    whole = tmp_path_factory.mktemp("mutants") / "whole"
    write_folder(whole, project_files("mutants"))
    write_service(whole, service_files(whole, design_service("sqs", OPERATIONS)))
    for name, (file, right, wrong) in FAULTS.items():
        path = shutil.copytree(whole, whole.with_name(name)) / file
        text = path.read_text(encoding="utf-8")
        assert right in text
        path.write_text(text.replace(right, wrong), encoding="utf-8")
    folders = [str(whole.with_name(name)) for name in FAULTS]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COV"))}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *folders],
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    rows = [line.rpartition(" ") for line in done.stderr.splitlines()]
    return {name: code for name, _, code in rows}


def test_WHEN_nothing_is_wrong_THEN_the_generated_tests_pass(exit_codes: dict[str, str]) -> None:
    assert exit_codes["none"] == "0"


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "none"])
def test_WHEN_a_fault_is_in_what_was_generated_THEN_its_tests_fail(
    fault: str, exit_codes: dict[str, str]
) -> None:
    assert exit_codes[fault] == "1"
