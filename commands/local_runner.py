"""Runs what a command returned that calls no AWS: it takes no provider and has no targets."""

from typing import Any

from commands.console import Console
from commands.exit_codes import ExitCode
from commands.shapes import Shape


def run_here(shape: Shape, work: Any, console: Console) -> int:
    """Write the rows or bytes, or run the session; return the exit code."""
    match shape:
        case Shape.ROWS:
            with console.rows() as writer:
                for row in work():
                    writer.write(row)
        case Shape.BYTES:
            for chunk in work():
                console.write(chunk)
            console.flush()
        case _:
            return work(console) or ExitCode.COMPLETE
    return ExitCode.COMPLETE
