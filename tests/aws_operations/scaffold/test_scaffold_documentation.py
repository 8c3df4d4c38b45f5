import ast

import pytest
from hypothesis import given, strategies as st

from aws_operations.scaffold.documentation_text import docstring, first_sentences, without_page_limits


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Lists your <b>queues</b>. Fast.  Third.</p><p>More.</p>", "Lists your queues. Fast."),
        ("<note><p>Beware.</p></note><p>Sends it.</p>", "Sends it."),
        ("<p>The <a href='https://x'>name</a>, e.g. A name of yours</p>", "The name, e.g. A name of yours."),
        ("<p>One of &lt;a&gt; &amp; b:</p>", "One of <a> & b."),
        ("<p>\u201cIt\u2019s\u201d caf\u00e9 \u2013 10\u00a0MB</p>", '"It\'s" cafe - 10 MB.'),
        ("<p>Rejected for one of the following reasons:</p><ul><li>a</li></ul>", ""),
        ("<p>The call failed. It has the following members.</p>", "The call failed."),
        ("<p>Obey the following: be kind. It helps.</p>", "Obey the following: be kind. It helps."),
        ("<p>Reserved parameter. The password of a server.</p>", "The password of a server."),
        ("<p>Error code 400. Unsupported operation.</p>", "Unsupported operation."),
        ("", ""),
        ("<p/>", ""),
        ("<p>&#x1F600;</p><p>Text</p>", "Text."),
        ("Unclosed <code>tag", "Unclosed tag."),
    ],
)
def test_WHEN_documentation_is_html_THEN_the_first_sentences_are_plain_text(html: str, text: str) -> None:
    assert first_sentences(html) == text


def test_WHEN_all_pages_are_read_THEN_nothing_is_said_of_how_much_one_holds() -> None:
    text = "Lists queues. The response includes a maximum of 1,000 results. Each has a name."
    assert without_page_limits(text) == "Lists queues. Each has a name."


@pytest.mark.parametrize(
    "hostile",
    ['ends """ here', 'ends in "', "back\\slash \\N{x} \\", "'''", 'a"""\nimport os\n"""', "{braces} %s"],
)
def test_WHEN_a_text_would_end_a_docstring_THEN_it_stays_inside(hostile: str) -> None:
    source = f"def f():\n{docstring('Say it.', [first_sentences(hostile)], indent=4)}\n"
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    assert len(function.body) == 1
    assert (ast.get_docstring(function) or "").startswith("Say it.")


def test_WHEN_a_text_is_long_THEN_it_is_wrapped_at_the_line_length() -> None:
    text = docstring("Say it.", ["word " * 100, "x" * 300], indent=8)
    assert max(map(len, text.splitlines())) <= 110


@given(st.text())
def test_WHEN_documentation_is_anything_THEN_it_is_one_docstring(text: str) -> None:
    sentences = first_sentences(text)
    source = docstring("Say it.", [sentences], indent=0)
    (statement,) = ast.parse(source).body
    assert isinstance(statement, ast.Expr)
    assert sentences.isascii()
    assert "\n" not in sentences
