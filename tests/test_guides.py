"""The tutorial and the guides work as they stand: each is run from top to bottom, on its own sandbox.

``tests/support/guide_runs.py`` says what is run, and how what a command prints is compared.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from aws_operations.sandbox import control
from tests.support.guide_runs import SAYS_WHY, is_as_shown, is_not_run, run_steps, steps_of, title_of
from tests.support.program import ROOT
from tests.support.sandbox_fixtures import clean_environment
from tests.support.snippets import broken_links, fenced_blocks

DOCS = ROOT / "docs"
PAGES = [DOCS / "index.md", DOCS / "tutorial.md", *sorted((DOCS / "guides").glob("*.md"))]
# What the reader of a page has before the first line of it.
CHECKOUT = ("aws_interactions", "aws_operations", "commands", "manage_resources.py", "pyproject.toml")
IN_CHECKOUT = {
    "adding_a_service.md": (*CHECKOUT, "tests/conftest.py", "tests/support"),
    "admin_scripts.md": ("examples",),
}


def name_of(page: Path) -> str:
    return page.stem


@pytest.fixture(scope="session")
def fresh_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the state of a sandbox that is down: starting from a copy is sooner done than from nothing."""
    state_dir = tmp_path_factory.mktemp("fresh") / "sandbox"
    control.up(state_dir)
    control.down(state_dir)
    return state_dir


@pytest.fixture
def reader(fresh_sandbox: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give the environment of somebody with a home of their own, whose sandbox is down."""
    state_dir = tmp_path / "state" / "manage-resources" / "sandbox"
    shutil.copytree(fresh_sandbox, state_dir)
    yield {
        **clean_environment(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / ".config"),
        # As on a terminal.
        "MANAGE_RESOURCES_OUTPUT": "table",
    }
    control.down(state_dir)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_WHEN_a_page_is_followed_from_top_to_bottom_THEN_all_comes_out_as_it_says(
    page: Path, reader: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    for name in IN_CHECKOUT.get(page.name, ()):
        copy(ROOT / name, folder / name)
    problems = run_steps(steps_of(page), reader, folder)
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
