"""The tutorial and the guides work as they stand: each is run from top to bottom, on a sandbox.

``tests/support/guide_runs.py`` says what is run, and how what a command prints is compared.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from aws_operations.sandbox import control
from tests.support.guide_runs import (
    SAYS_WHY,
    is_as_shown,
    is_not_run,
    run_steps,
    running_sandbox,
    state_dir_of,
    steps_of,
    title_of,
)
from tests.support.program import ROOT
from tests.support.sandbox_fixtures import clean_environment
from tests.support.snippets import broken_links, fenced_blocks

DOCS = ROOT / "docs"
GUIDES = DOCS / "guides"
# These stop and start what others count on, and take down the sandbox that they started.
ALONE = [DOCS / "tutorial.md", DOCS / "safe_changes.md", GUIDES / "testing.md"]
PAGES = [DOCS / "index.md", DOCS / "python.md", *ALONE[:2], *sorted(GUIDES.glob("*.md"))]
DOWN = "manage-resources sandbox down"
# What the reader of a page has before the first line of it.
CHECKOUT = ("aws_interactions", "aws_operations", "commands", "manage_resources.py", "pyproject.toml")
IN_CHECKOUT = {
    "adding_a_service.md": (*CHECKOUT, "tests/conftest.py", "tests/support"),
    "admin_scripts.md": ("examples",),
}


def name_of(page: Path) -> str:
    return page.stem


@pytest.fixture(scope="module")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run a sandbox for all pages that leave the samples of others alone."""
    with running_sandbox(tmp_path_factory.mktemp("shared")) as state_dir:
        yield state_dir


@pytest.fixture
def reader(tmp_path: Path) -> dict[str, str]:
    """Give the environment of somebody with a home of their own."""
    return {
        **clean_environment(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / ".config"),
        # As on a terminal.
        "MANAGE_RESOURCES_OUTPUT": "table",
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give an empty folder to work in."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("page", ALONE, ids=name_of)
def test_WHEN_a_page_is_followed_from_nothing_THEN_all_comes_out_as_it_says(
    page: Path, reader: dict[str, str], tmp_path: Path, folder: Path
) -> None:
    try:
        problems = run_steps(steps_of(page), reader, folder)
    finally:
        control.down(state_dir_of(tmp_path))
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ALONE], ids=name_of)
def test_WHEN_a_page_is_followed_on_a_sandbox_that_others_use_THEN_all_comes_out_as_it_says(
    page: Path, reader: dict[str, str], shared_sandbox: Path, tmp_path: Path, folder: Path
) -> None:
    state_dir_of(tmp_path).parent.mkdir(parents=True)
    state_dir_of(tmp_path).symlink_to(shared_sandbox)
    for name in IN_CHECKOUT.get(page.name, ()):
        copy(ROOT / name, folder / name)
    problems = run_steps([step for step in steps_of(page) if step.command != DOWN], reader, folder)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_WHEN_a_block_is_not_run_THEN_the_sentence_above_says_so_AND_why(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").split("\n")
    silent = [
        f"{page.name}:{block.line}"
        for block in fenced_blocks(page)
        if is_not_run(block) and not SAYS_WHY.search(sentence_above(lines, block.line))
    ]
    assert silent == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_WHEN_a_page_shows_a_file_THEN_something_in_it_uses_that_file(page: Path) -> None:
    blocks = [block for block in fenced_blocks(page) if not is_not_run(block)]
    unused = []
    for block in blocks:
        title = title_of(block)
        # The program reads its own configuration without being told to.
        if title is None or title.endswith("manage-resources/config.toml"):
            continue
        path = Path(title)
        names = {str(path), path.with_suffix("").as_posix().replace("/", "."), path.stem}
        others = "\n".join(other.text for other in blocks if other is not block)
        if not any(re.search(rf"(?<![\w.]){re.escape(name)}\b", others) for name in names):
            unused.append(f"{page.name}:{block.line}: {title}")
    assert unused == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_WHEN_a_page_catches_what_aws_refuses_THEN_by_its_kind_or_code(page: Path) -> None:
    # A client's own exceptions are classes that no fake has.
    of_clients = re.compile(r"except .*\.exceptions\.")
    blocks = [block for block in fenced_blocks(page) if block.language == "python"]
    assert [f"{page.name}:{block.line}" for block in blocks if of_clients.search(block.text)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_WHEN_a_page_links_to_another_THEN_it_is_there(page: Path) -> None:
    assert broken_links(page) == []


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a  b\n-----  --", "a b\n--- ---\n", True),
        ("a\nb", "a\n", False),
        ("a\n...\nd", "a\nb\nc\nd\n", True),
        ("a ... d", "a b c d\n", True),
        ("a ... d", "a b c\n", False),
        ("i-44dfa32117bc35f5f stopped", "i-488b52e9ee6fd0682 stopped\n", True),
        ("i-44dfa32117bc35f5f stopped", "i-488b52e9ee6fd0682 running\n", False),
        ("at 2026-01-02T03:04:05+00:00", "at 2027-01-02T03:04:06+00:00\n", True),
        ("3 changes", "4 changes\n", False),
    ],
)
def test_WHEN_output_is_compared_THEN_only_what_varies_may_differ(
    shown: str, printed: str, same: bool
) -> None:
    assert is_as_shown(shown, printed) is same


def sentence_above(lines: list[str], fence_line: int) -> str:
    """Return the last sentence of the paragraph right above a fence."""
    above = "\n".join(lines[: fence_line - 1]).rstrip("\n").rpartition("\n\n")[2]
    return re.split(r"(?<=[.!?])\s", " ".join(above.split()))[-1]


def copy(source: Path, copy_at: Path) -> None:
    copy_at.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, copy_at, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, copy_at)
