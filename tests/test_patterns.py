"""The catalogue of patterns is whole, and what the pages quote and link to is there."""

import re
from pathlib import Path

import pytest

from tests.support.program import ROOT
from tests.support.snippets import broken_links, fenced_blocks, headings, prose_lines, wrong_snippets

CATALOGUE = ROOT / "reference_implementation" / "references" / "patterns.md"
NAMES = (
    "Client factory",
    "Session and credential modes",
    "Cross-account roles",
    "Stateless wrappers with the provider injected",
    "Error handling and custom exceptions",
    "Pagination",
    "Data transfer objects",
    "Enum-based status",
    "Resource or client interface",
    "Logging",
    "Abstract base classes for domain objects (CloudWatch metrics)",
    "Test naming",
    "Mocking the provider",
    "Faking the session",
    "Arrange-act-assert",
    "State or calls",
    "Error scenarios",
    "Pagination tests",
    "Sequences of answers",
    "Commands",
    "Moto and recorded answers",
    "Property tests",
)
PARTS = ("**Problem.**", "**Solution.**", "**When not.**")
PAGES = sorted(
    page
    for folder in ("reference_implementation", "docs")
    for page in (ROOT / folder).rglob("*.md")
    if not any(part.startswith(".") for part in page.relative_to(ROOT).parts)
)


def page_name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def section_lines() -> dict[str, range]:
    """Give the lines of each pattern, by its heading."""
    starts = [(heading.line, heading.text) for heading in headings(CATALOGUE) if heading.level == 2]
    ends = [line for line, _ in starts[1:]] + [len(CATALOGUE.read_text(encoding="utf-8").split("\n")) + 1]
    return {text: range(line, end) for (line, text), end in zip(starts, ends, strict=True)}


def test_WHEN_the_catalogue_is_read_THEN_its_patterns_stand_in_order_under_their_names() -> None:
    assert list(section_lines()) == [f"{number}. {name}" for number, name in enumerate(NAMES, 1)]


@pytest.mark.parametrize("heading", [f"{number}. {name}" for number, name in enumerate(NAMES, 1)])
def test_WHEN_a_pattern_is_read_THEN_it_has_problem_solution_when_not_and_a_quoted_snippet(
    heading: str,
) -> None:
    lines = section_lines()[heading]
    prose = "\n".join(line for number, line in prose_lines(CATALOGUE) if number in lines)
    said = re.split(r"^(\*\*[^*]+\.\*\*)", prose, flags=re.MULTILINE)
    assert tuple(said[1::2]) == PARTS
    assert all(len(text.split()) >= 8 for text in said[2::2])

    snippets = [block for block in fenced_blocks(CATALOGUE) if block.line in lines]
    assert snippets
    assert all(block.source for block in snippets)


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_WHEN_a_page_quotes_a_file_THEN_the_snippet_stands_in_it(page: Path) -> None:
    assert not wrong_snippets(page, ROOT)


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_WHEN_a_page_links_within_the_repository_THEN_the_link_leads_somewhere(page: Path) -> None:
    assert not broken_links(page)


QUOTED = """\
def list_things(aws_provider):
    for page in pages:
        yield from page
"""


@pytest.mark.parametrize(
    ("snippet", "reason"),
    [
        ("def list_things(aws_provider):\n    for page in pages:\n", None),
        ("for page in pages:\n    yield from page\n", None),
        ("for page in pages:\n    yield page\n", "this does not stand in things.py"),
        ("yield from page\nfor page in pages:\n", "this does not stand in things.py"),
        ("def list_things(aws_provider):\n        yield from page\n", "this does not stand in things.py"),
        ("for page in pages:\n", None),
        ("for page in", "this does not stand in things.py"),
        ("\n", "nothing is shown of things.py"),
    ],
)
def test_WHEN_a_snippet_is_held_against_its_file_THEN_only_its_own_lines_together_and_in_order_pass(
    snippet: str, reason: str | None, tmp_path: Path
) -> None:
    (tmp_path / "things.py").write_text(QUOTED, encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(f"<!-- from: things.py -->\n```python\n{snippet}```\n", encoding="utf-8")
    if not snippet.endswith("\n"):
        page.write_text(f"<!-- from: things.py -->\n```python\n{snippet}\n```\n", encoding="utf-8")

    found = wrong_snippets(page, tmp_path)

    assert found == ([f"{page}:2: {reason}"] if reason else [])


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("<!-- from: nothing.py -->\n```python\nx\n```\n", 2, "there is no file nothing.py"),
        ("<!-- from: ../page.md -->\n```python\nx\n```\n", 2, "there is no file ../page.md"),
        ("<!-- from: page.md -->\n\nWords in between.\n\n```python\nx\n```\n", 1, "no snippet follows"),
    ],
)
def test_WHEN_a_page_names_a_file_that_is_not_there_or_shows_nothing_of_it_THEN_it_is_said(
    text: str, line: int, reason: str, tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")

    assert wrong_snippets(page, tmp_path) == [f"{page}:{line}: {reason}"]


def test_WHEN_a_fence_is_never_closed_THEN_the_page_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nx\n", encoding="utf-8")

    with pytest.raises(AssertionError, match="never closed"):
        fenced_blocks(page)


@pytest.mark.parametrize(
    ("link", "is_broken"),
    [
        ("other.md", False),
        ("other.md#two-words", False),
        ("#here-we-are", False),
        ("https://example.invalid/nowhere", False),
        ("nothing.md", True),
        ("other.md#three-words", True),
        ("#elsewhere", True),
        ("#in-a-fence", True),
    ],
)
def test_WHEN_a_link_leads_nowhere_THEN_it_is_named(link: str, is_broken: bool, tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# Two `words`\n", encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(f"# Here we are\n\n```\n# In a fence\n```\n\nSee [this]({link}).\n", encoding="utf-8")

    assert broken_links(page) == ([f"{page}:7: {link}"] if is_broken else [])
