"""Runs a guide as its reader would: one shell from top to bottom, the files it shows written as it goes.

A block is one of these:

- ``console``: each line behind ``$ `` is a command (``\\`` continues it), what follows is what it prints.
  It must end with exit code 0, or with N where the line says ``# exit N``. Where nothing is shown, nothing
  is compared.
- any language with ``title="PATH"``: a file, written when its turn comes; ``~`` is the reader's home.
- ``python`` without a title: a script that is run and must end well.
- ``mermaid``: a picture. ``{ .not-run }`` behind the language: not run; the sentence above says why.

Nothing else may stand in a guide. What a command prints is compared line by line: any run of blanks or
of dashes is as good as another; times, ids of runs, instances and access keys, addresses and seconds are
as good as others of their kind; ``...`` stands for anything within a line, and alone on one for any lines.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aws_operations.sandbox import control
from tests.support.program import PROGRAM, ROOT, run_program, without_endpoint_warning
from tests.support.sandbox_fixtures import clean_environment
from tests.support.snippets import Block, fenced_blocks

TITLE = re.compile(r'title="(?P<path>[^"]+)"')
SAYS_WHY = re.compile(r"\bnot run here\b[^.]*:$", re.IGNORECASE)
_EXIT = re.compile(r"# exit (\d+)")
_ENDED = "::ended "
_VOLATILE = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00|Z)?", "<time>"),
    (r"\d{8}-\d{6}-[0-9a-f]{4}", "<run>"),
    (r"\bi-[0-9a-f]{17}\b", "<instance>"),
    (r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?", "<address>"),
    (r"\bA[KS]IA[0-9A-Z]{16}\b", "<key>"),
    (r"\b\d+\.\d+\s*(?:s|seconds)\b", "<seconds>"),
    (r"-{2,}", "--"),
    (r"\s+", " "),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a page, with the output and the exit code that the page says."""

    where: str
    command: str
    shown: str = ""
    exit_code: int = 0


def state_dir_of(home: Path) -> Path:
    """Return where the sandbox of somebody with this home keeps its state."""
    return home / "state" / "manage-resources" / "sandbox"


@contextmanager
def running_sandbox(home: Path) -> Iterator[Path]:
    """Give the state of a sandbox that runs in this home."""
    started = run_program(["sandbox", "up"], clean_environment(home))
    assert started.returncode == 0, started.stderr
    try:
        yield state_dir_of(home)
    finally:
        control.down(state_dir_of(home))


def is_not_run(block: Block) -> bool:
    """Say whether a block is marked as one that the tests do not run."""
    return ".not-run" in block.info


def title_of(block: Block) -> str | None:
    """Return the path of the file that a block is, or ``None`` if it is none."""
    found = TITLE.search(block.info)
    return found["path"] if found else None


def console_steps(block: Block, page: str) -> Iterator[Step]:
    """Yield the commands of a console block; each begins behind ``$ ``."""
    before, *parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert parts, f"{page}:{block.line}: a console without a command"
    assert not before, f"{page}:{block.line}: this stands above the first command: {before}"
    for part in parts:
        command = re.match(r"(?:.*\\\n)*.*", part)
        assert command is not None
        said = _EXIT.search(command[0])
        shown = part[command.end() :].strip("\n")
        yield Step(f"{page}:{block.line}", command[0], shown, int(said[1]) if said else 0)


def steps_of(page: Path) -> list[Step]:
    """Return all that the reader of a page does, in order: commands, files written, scripts run."""
    steps: list[Step] = []
    for block in fenced_blocks(page):
        where = f"{page.name}:{block.line}"
        if is_not_run(block) or block.language == "mermaid":
            continue
        if (title := title_of(block)) is not None:
            steps.append(Step(where, _writing(title, block.text)))
        elif block.language == "console":
            steps += console_steps(block, page.name)
        else:
            assert block.language == "python", f"{where}: what is to be done with {block.language}?"
            script = f"page_line_{block.line}.py"
            steps += [Step(where, _writing(script, block.text)), Step(where, f"python {script}")]
    return steps


def run_steps(steps: list[Step], environment: Mapping[str, str], folder: Path) -> list[str]:
    """Run them in one shell in ``folder``; return what was not as shown, up to the first wrong exit."""
    script = "".join(
        f"{{ {step.command}\n}} </dev/null >{folder}/.out.{number} 2>&1\n"
        f"code=$?; echo '{_ENDED}'{number} $code; [ $code = {step.exit_code} ] || exit 0\n"
        for number, step in enumerate(steps)
    )
    told = _shell(script, {**environment, "PATH": f"{_tools(folder)}:{environment['PATH']}"}, folder)
    problems = []
    for number, step in enumerate(steps):
        ended = re.search(rf"^{_ENDED}{number} (\d+)$", told, re.MULTILINE)
        printed_at = folder / f".out.{number}"
        printed = printed_at.read_text(encoding="utf-8") if printed_at.exists() else ""
        if ended is None or int(ended[1]) != step.exit_code:
            end = f"exit code {ended[1]}" if ended else f"no end: {told[-500:]}"
            problems.append(f"{step.where}: $ {step.command}\n{end}:\n{printed}")
            break
        if step.shown and not is_as_shown(step.shown, without_endpoint_warning(printed)):
            problems.append(f"{step.where}: $ {step.command}\nprinted:\n{printed}")
    return problems


def is_as_shown(shown: str, printed: str) -> bool:
    """Say whether what was printed is what a page shows, by the rule above."""
    lines = [_plain(line) for line in shown.splitlines() if line.strip()]
    pattern = "".join(
        r"(?:.*\n)*" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + r"\n" for line in lines
    )
    there = "".join(f"{_plain(line)}\n" for line in printed.splitlines() if line.strip())
    return re.fullmatch(pattern, there) is not None


def _plain(line: str) -> str:
    for pattern, instead in _VOLATILE:
        line = re.sub(pattern, instead, line)
    return line.strip()


def _writing(title: str, text: str) -> str:
    path = title if title.startswith("~/") else shlex.quote(title)
    return f"mkdir -p \"$(dirname {path})\" && cat > {path} <<'END OF FILE'\n{text}END OF FILE"


def _tools(folder: Path) -> Path:
    """Make the program and python as the reader's shell would find them, of this interpreter."""
    tools = folder / ".tools"
    tools.mkdir()
    for name, command in (("manage-resources", PROGRAM), ("python", [sys.executable])):
        (tools / name).write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
        (tools / name).chmod(0o755)
    return tools


def _shell(script: str, environment: Mapping[str, str], folder: Path) -> str:
    shell = subprocess.Popen(
        ["bash", "--norc", "-s"],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        return shell.communicate(script, timeout=300)[0]
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGKILL)
        return shell.communicate()[0]
