"""Writes ``docs/commands.md`` from the commands themselves; with ``--check``, says whether it is current.

The check also holds the README and the guides against the code: each command line in them must name
a command that exists and options that it has.
"""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from commands.app import PROGRAM, Verb
from commands.command_tree import every_verb
from commands.root import NounStub, VerbStub, root

DOCS = Path(__file__).parent
ROOT = DOCS.parent
REFERENCE = DOCS / "commands.md"
GUIDES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    DOCS / "index.md",
    DOCS / "tutorial.md",
    DOCS / "usage.md",
    DOCS / "configuration.md",
    DOCS / "python.md",
    DOCS / "sandbox.md",
    DOCS / "fleets.md",
    DOCS / "safe_changes.md",
    *sorted((DOCS / "guides").glob("*.md")),
)
_WIDTH = 100
_HEADING = (
    "# Commands\n\n"
    "Every command with its help, written from the code by `make docs`. "
    "Each example runs as it stands on the sandbox (`manage-resources sandbox up`).\n"
)
_COMMAND_LINE = re.compile(
    rf"^\s*(?:\$ )?(?:[A-Z_]+=\S+ )*(?:eval \"\$\()?(?:[\w.]+/)*({PROGRAM} .+)$", re.MULTILINE
)


def main() -> None:
    """Write the reference, or check it and the guides."""
    text = reference()
    if "--check" not in sys.argv[1:]:
        REFERENCE.write_text(text, encoding="utf-8")
        return
    problems = [*_staleness(text), *(problem for guide in GUIDES for problem in _bad_lines(guide))]
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(1 if problems else 0)


def reference() -> str:
    """Return the whole reference."""
    parts = [_HEADING, _section(PROGRAM, root)]
    parts += [_section(f"{PROGRAM} {words}", verb) for words, verb in every_verb()]
    return "\n".join(parts)


def _section(words: str, command: click.Command) -> str:
    settings = {**command.context_settings, "terminal_width": _WIDTH, "max_content_width": _WIDTH}
    context = click.Context(command, info_name=words, **settings)
    level = "##" if command is root else "###"
    return f"{level} {words}\n\n```text\n{command.get_help(context)}\n```\n"


def _staleness(text: str) -> Iterator[str]:
    if not REFERENCE.exists() or REFERENCE.read_text(encoding="utf-8") != text:
        yield f"{REFERENCE.relative_to(ROOT)} is not what the code says: run make docs"


def _bad_lines(guide: Path) -> Iterator[str]:
    for line in command_lines(guide.read_text(encoding="utf-8")):
        problem = _problem_of(line)
        if problem:
            yield f"{guide.relative_to(ROOT)}: {line}: {problem}"


def command_lines(text: str) -> Iterator[str]:
    """Yield each command line of a Markdown text, continuation lines joined, redirections cut off."""
    joined = text.replace("\\\n", " ")
    for match in _COMMAND_LINE.finditer(joined):
        yield re.split(r"\)\"|\s+(?:#|\||<|>|2>|&&)\s?", " ".join(match[1].split()))[0]


def _problem_of(line: str) -> str | None:
    """Parse a command line as the program would, running nothing."""
    words = shlex.split(line)[1:]
    command: click.Command = root
    try:
        context = root.make_context(PROGRAM, words)
        while isinstance(command, click.Group):
            rest = [*context._protected_args, *context.args]
            if not rest:
                return None
            _, found, rest = command.resolve_command(context, rest)
            if found is None:
                return f"no command {rest[0]}"
            command = _behind(found)
            context = command.make_context(found.name, rest, parent=context)
    except click.exceptions.Exit:
        return None
    except click.ClickException as error:
        return error.format_message()
    return None if isinstance(command, Verb) else "names no command"


def _behind(command: click.Command) -> click.Command:
    if isinstance(command, VerbStub):
        return command.verb
    return command.noun if isinstance(command, NounStub) else command


if __name__ == "__main__":
    main()
