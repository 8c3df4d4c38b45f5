"""The program: one error boundary round the command line, and the exit code that comes of it."""

import gc
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line, by default the process's own, and return its exit code."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        # It came before the error boundary was loaded, or while that was saying something else.
        return 130


def _run(arguments: Sequence[str] | None) -> int:
    import commands

    if getattr(commands, "PROJECT", None) != "manage-resources":
        found = getattr(commands, "__file__", None) or list(getattr(commands, "__path__", []))
        sys.stderr.write(
            f"error: the package 'commands' found at {found} is not this program's; "
            "install manage-resources in an environment of its own (pipx install manage-resources)\n"
        )
        return 3
    from commands.boundary import run_command_line

    if arguments is not None:
        return run_command_line(list(arguments))
    # A quarter of a short command's CPU went into walking modules and models that live to its end.
    gc.set_threshold(100_000, 20, 20)
    try:
        return run_command_line(sys.argv[1:])
    finally:
        gc.freeze()


if __name__ == "__main__":
    sys.exit(main())
