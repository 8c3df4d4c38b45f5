"""Generated source, laid out by ``ruff format``."""

import io
import os
import subprocess
import sys
import sysconfig
import tokenize
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from aws_interactions.aws_errors import AwsInteractionError

_TIME_LIMIT_SECONDS = 60


class FormatterMissing(AwsInteractionError):
    """The ``ruff`` package is not installed beside this one."""

    def __init__(self) -> None:
        super().__init__(
            "ruff lays out what is written, and is not installed: in a checkout, pip install '.[scaffold]'"
        )


class UnformattableSource(AwsInteractionError):
    """ruff could not read the source; ``reason`` is what it said."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"ruff cannot lay the source out: {reason}")
        self.reason = reason


def formatted(source: str, *, line_length: int = 110, first_party: Sequence[str] = ()) -> str:
    """Return Python source with imports in order, laid out by ruff, whatever configuration is around.

    ``first_party`` names the project's packages, beside those that each has.
    Raises ``FormatterMissing`` and ``UnformattableSource``.
    """
    sorted_source = _ruff(
        source,
        "check",
        "--fix",
        "--exit-zero",
        "--quiet",
        "--select=I",
        "--config=lint.isort.combine-as-imports=true",
        f"--config=lint.isort.known-first-party={['core', 'example_service', 'tests', *first_party]}",
        f"--line-length={line_length}",
    )
    laid_out = _ruff(sorted_source, "format", f"--line-length={line_length}")
    return _with_long_lines_excused(laid_out, line_length)


def _with_long_lines_excused(source: str, line_length: int) -> str:
    """Return the source with a word to the linter where two of AWS's longest names share a line."""
    lines = source.splitlines()
    long = [index for index, line in enumerate(lines) if _length(line) > line_length]
    if not long:
        return source
    inside_text = {
        number
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.STRING
        for number in range(token.start[0], token.end[0])
    }
    for index in long:
        # A line of one word cannot be broken, and the linter knows that.
        if index + 1 not in inside_text and len(lines[index].split()) > 1:
            lines[index] = _excused(lines[index])
    return "\n".join(lines) + "\n"


def _length(line: str) -> int:
    # The linter does not count what is said to itself.
    return len(line.partition("  # noqa: ")[0])


def _excused(line: str) -> str:
    if "# noqa: E501" in line:
        return line
    if "# noqa: " in line:
        return line.replace("# noqa: ", "# noqa: E501, ", 1)
    return f"{line}  # noqa: E501 - AWS's names are this long"


def _ruff(source: str, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - ruff itself, with arguments from here
        [*_command(), *arguments, "--isolated", "--target-version=py311", "--no-cache", "-"],
        input=source,
        capture_output=True,
        encoding="utf-8",
        timeout=_TIME_LIMIT_SECONDS,
        check=False,
        env={**os.environ, "RUFF_NO_CACHE": "1", "NO_COLOR": "1"},
    )
    if done.returncode != 0:
        raise UnformattableSource(done.stderr.strip() or f"exit code {done.returncode}")
    return done.stdout


def _command() -> list[str]:
    # The program itself starts in a third of the time that ``python -m ruff`` takes.
    program = Path(sysconfig.get_path("scripts"), "ruff.exe" if os.name == "nt" else "ruff")
    if program.exists():
        return [str(program)]
    if find_spec("ruff") is None:
        raise FormatterMissing
    return [sys.executable, "-m", "ruff"]
