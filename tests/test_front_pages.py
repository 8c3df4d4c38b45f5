"""The README and the pages of commands: every line of theirs is run, in order, or it says here why not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aws_operations.sandbox import control
from tests.support.guide_runs import Step, console_steps, run_steps, running_sandbox
from tests.support.program import ROOT
from tests.support.sandbox_fixtures import clean_environment
from tests.support.snippets import broken_links, fenced_blocks

DOCS = ROOT / "docs"
CONFIGURATION, FLEETS = DOCS / "configuration.md", DOCS / "fleets.md"
# The sandbox's own page is the last, as it takes the sandbox down.
PAGES = [ROOT / "README.md", DOCS / "usage.md", CONFIGURATION, FLEETS, DOCS / "sandbox.md"]
NOT_RUN = {
    "make ": "they are how the tests themselves are run",
    ". .venv/bin/activate": "the tests have an environment already",
    "pipx ": "tests/test_packaging.py installs the wheel; a package index is needed here",
    "dask ": "tests/aws_operations/cluster runs schedulers and workers",
    "manage-resources --profile hub --all-accounts": "it goes with the lines of dask",
    "manage-resources iam can-i": "the sandbox simulates no policies; tests/conformance runs it",
}
# One's own account at AWS is the sandbox's home account here, whose organisation has the others; and in
# other regions there are no samples, and so nothing that could be stopped by its tag.
NAMES = {"111111111111": "123456789012", '"eu-*"': '"eu-west-1"'}
BUCKETS = "for name in my-bucket old-bucket; do manage-resources --profile prod s3 ensure $name; done"
# The pages before this one are read by people without a configuration of their own.
CONFIGURED = "mkdir -p $XDG_CONFIG_HOME/manage-resources && cp config.toml $XDG_CONFIG_HOME/manage-resources"
# What overwrites is asked about, and here nobody can be.
ASKING = " secrets put "
PROFILES = ("default", "profile hub", "profile prod", "profile prod-eu", "profile dev")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], Path]]:
    """Give the environment and the folder of somebody whose every profile leads to a sandbox."""
    home = tmp_path_factory.mktemp("reader")
    with running_sandbox(home) as state_dir:
        endpoint_url, keys = control.sandbox_provider_settings(state_dir)
        config = "".join(
            f"[{profile}]\nregion = us-east-1\nendpoint_url = {endpoint_url}\n"
            f"aws_access_key_id = {keys.access_key_id}\naws_secret_access_key = {keys.secret_access_key}\n"
            for profile in PROFILES
        )
        folder = home / "work"
        folder.mkdir()
        (home / "aws-config").write_text(config, encoding="utf-8")
        (folder / "report.csv").write_text("a,b\n", encoding="utf-8")
        (folder / "new-key").write_text("a-new-key", encoding="utf-8")
        environment = {
            **clean_environment(home),
            "AWS_CONFIG_FILE": str(home / "aws-config"),
            # As on a terminal.
            "MANAGE_RESOURCES_OUTPUT": "table",
        }
        yield environment, folder


def test_WHEN_the_lines_of_the_front_pages_are_run_in_order_THEN_each_ends_as_it_should(
    reader: tuple[dict[str, str], Path],
) -> None:
    environment, folder = reader
    (folder / "config.toml").write_text(as_here(configuration_of(CONFIGURATION)), encoding="utf-8")
    steps = [Step("buckets", BUCKETS), *(step for page in PAGES for step in steps_of(page))]
    problems = run_steps(steps, environment, folder)
    assert not problems, "\n".join(problems)


def test_WHEN_a_fleet_is_described_in_the_pages_THEN_the_program_takes_it(
    reader: tuple[dict[str, str], Path],
) -> None:
    environment, folder = reader
    fleets = folder / "fleets"
    fleets.mkdir()
    steps = []
    for page in (CONFIGURATION, FLEETS):
        (fleets / f"{page.stem}.toml").write_text(configuration_of(page), encoding="utf-8")
        command = f"manage-resources --config {page.stem}.toml fleet list --output json --query '[0].fleet'"
        steps.append(Step(page.name, command, shown='"workloads"'))
    assert run_steps(steps, environment, fleets) == []


def test_WHEN_a_line_is_left_out_THEN_it_is_still_in_the_pages() -> None:
    lines = [step.command for page in PAGES for step in every_line(page)]
    assert [start for start in NOT_RUN if not any(line.startswith(start) for line in lines)] == []


def test_WHEN_a_front_page_shows_more_than_commands_THEN_it_is_a_configuration_that_is_tried() -> None:
    shown = {(page, block.language) for page in PAGES for block in fenced_blocks(page)}
    assert {(page, language) for page, language in shown if language != "console"} == {
        (CONFIGURATION, "toml"),
        (FLEETS, "toml"),
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_WHEN_a_front_page_links_to_another_THEN_it_is_there(page: Path) -> None:
    assert broken_links(page) == []


def every_line(page: Path) -> Iterator[Step]:
    for block in fenced_blocks(page):
        if block.language == "console":
            yield from console_steps(block, page.name)


def steps_of(page: Path) -> Iterator[Step]:
    """Yield what is run of a page."""
    if page == CONFIGURATION:
        yield Step(page.name, CONFIGURED)
    for step in every_line(page):
        if step.command.startswith(tuple(NOT_RUN)):
            continue
        exit_code = 6 if ASKING in step.command else step.exit_code
        yield replace(step, command=as_here(step.command), exit_code=exit_code)


def configuration_of(page: Path) -> str:
    (configuration,) = [block.text for block in fenced_blocks(page) if block.language == "toml"]
    return configuration


def as_here(text: str) -> str:
    for name, instead in NAMES.items():
        text = text.replace(name, instead)
    return text
