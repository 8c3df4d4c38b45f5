"""``completion``: scripts that complete commands and options in a shell."""

from collections.abc import Callable, Iterator
from functools import partial

from commands.app import noun
from commands.options import COMPLETE_VARIABLE, PROGRAM
from commands.root import root
from commands.shapes import Shape

completion = noun("completion", help="Completion of commands and options in the shell.", takes_identity=False)


@completion.verb("bash", shape=Shape.BYTES, example="manage-resources completion bash")
def bash() -> Callable[[], Iterator[str]]:
    """Print the completion script for bash.

    Install it with one line in ~/.bashrc: eval "$(manage-resources completion bash)"
    """
    return partial(_script, "bash")


@completion.verb("zsh", shape=Shape.BYTES, example="manage-resources completion zsh")
def zsh() -> Callable[[], Iterator[str]]:
    """Print the completion script for zsh.

    Install it with one line in ~/.zshrc, after compinit: eval "$(manage-resources completion zsh)"
    """
    return partial(_script, "zsh")


@completion.verb("fish", shape=Shape.BYTES, example="manage-resources completion fish")
def fish() -> Callable[[], Iterator[str]]:
    """Print the completion script for fish.

    Install it once: manage-resources completion fish > ~/.config/fish/completions/manage-resources.fish
    """
    return partial(_script, "fish")


def _script(shell: str) -> Iterator[str]:
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is None:
        raise ValueError(f"no completion for {shell}")
    completer = found(root, {}, PROGRAM, COMPLETE_VARIABLE)
    # Not source(), which starts bash to ask for its version.
    yield completer.source_template % completer.source_vars()
