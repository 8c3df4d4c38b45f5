"""The questions are answered with evidence, the decisions say what they cost, and links lead somewhere."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.program import ROOT
from tests.support.snippets import broken_links, headings, wrong_snippets

DOCS = ROOT / "docs"
BENCHMARKS = ROOT / "benchmarks"
QUESTIONS = (
    "Why centralise client creation?",
    "A new session in each getter, or shared clients?",
    "What should a provider expose?",
    "Functions or classes, and when classes?",
    "Why domain exceptions, and how is the original kept?",
    "Enum or exception?",
    "Dataclass or dict, and when raw?",
    "Where does a command make its provider?",
    "When should the pattern not be used at all?",
    "What are the alternatives to injection?",
    "Why do wrappers not call each other?",
    "Why the client interface before the resource interface?",
    "What is the one principle behind it all?",
)
THREAD = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/[0-9]+")
POST_MORTEM = re.compile(r"https://aws\.amazon\.com/message/[0-9]+/")


def sections_of(page: str) -> dict[str, str]:
    """Return the text of each second-level section by its heading."""
    _, *parts = re.split(r"^## ", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {heading: " ".join(text.split()) for heading, _, text in (part.partition("\n") for part in parts)}


def constant_in(benchmark: str, name: str) -> object:
    """Return a constant of a benchmark, read from its source: benchmarks are no package."""
    for node in ast.parse((BENCHMARKS / benchmark).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign):
            names = [ast.unparse(target) for target in node.targets]
            if name in names:
                return ast.literal_eval(node.value)
            if f"({name}, " in str(names) and isinstance(node.value, ast.Tuple):
                return ast.literal_eval(node.value.elts[0])
    raise AssertionError(f"{benchmark} has no {name}")


PARTS = set(constant_in("run.py", "PARTS"))  # type: ignore[call-overload] # a tuple of names
ANSWERS = sections_of("questions.md")
DECISIONS = sections_of("decisions.md")


def test_WHEN_the_questions_are_read_THEN_all_of_them_are_there_in_order() -> None:
    assert list(ANSWERS) == [f"{number}. {question}" for number, question in enumerate(QUESTIONS, start=1)]
    assert [one.level for one in headings(DOCS / "questions.md")] == [1, *[2] * len(QUESTIONS)]


@pytest.mark.parametrize("question", ANSWERS)
def test_WHEN_a_question_is_read_THEN_it_has_an_answer_evidence_and_code(question: str) -> None:
    answer, evidence, code = re.split(r"\*\*(?:Evidence|In the code)\.\*\* ", ANSWERS[question])
    assert answer.count(". ") >= 2
    benched = set(re.findall(r"parts? `(\w+)`", evidence)) & PARTS
    assert benched or THREAD.search(evidence)
    assert "](../" in code


@pytest.mark.parametrize("page", ["questions.md", "decisions.md"])
def test_WHEN_a_part_of_the_benchmark_is_named_THEN_there_is_such_a_part(page: str) -> None:
    text = " ".join((DOCS / page).read_text(encoding="utf-8").split())
    named = {
        name
        for names in re.findall(r"parts? ((?:`\w+`(?:, | and )?)+)", text)
        for name in names.split("`")[1::2]
    }
    assert named
    assert named <= PARTS


def test_WHEN_a_limit_of_the_benchmark_is_told_THEN_it_is_the_one_that_is_held() -> None:
    text = " ".join(ANSWERS.values())
    assert constant_in("fleet_cost.py", "RATIO_LIMIT") == 15
    assert "less than a fifteenth of what it costs with a session an account" in text
    assert constant_in("run.py", "CALL_LIMIT") == 0.5
    assert "below half of what the `aws` command takes" in text
    assert constant_in("safeguards.py", "SHARE_LIMIT") == 0.05
    assert "less than 5% of a call's CPU" in text


def test_WHEN_evidence_is_linked_THEN_it_is_a_thread_or_a_post_mortem() -> None:
    links = re.findall(r"\((https?://[^)]+)\)", " ".join(ANSWERS.values()))
    assert links
    assert [link for link in links if not THREAD.fullmatch(link) and not POST_MORTEM.fullmatch(link)] == []


@pytest.mark.parametrize("decision", DECISIONS)
def test_WHEN_a_decision_is_read_THEN_it_says_why_what_was_given_up_and_where_it_is(decision: str) -> None:
    reason, given_up, code = re.split(r"\*\*(?:Given up|Code)\.\*\* ", DECISIONS[decision])
    assert reason.strip()
    assert given_up.strip()
    assert "](../" in code


@pytest.mark.parametrize("page", ["questions.md", "decisions.md"])
def test_WHEN_a_page_links_to_a_file_THEN_it_is_there(page: str) -> None:
    path: Path = DOCS / page
    assert broken_links(path) == []
    assert wrong_snippets(path, ROOT) == []
    # A link over two lines would be looked at by nobody.
    text = path.read_text(encoding="utf-8")
    assert len(re.findall(r"\]\([^)]*\)", text)) == len(re.findall(r"\[[^\]\n]*\]\([^)\n]*\)", text))
