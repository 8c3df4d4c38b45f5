"""Every command that there is, for documentation and for tests that hold for all of them."""

from collections.abc import Iterator

import click

from commands.app import Verb
from commands.root import NounStub, VerbStub, root


def every_verb() -> Iterator[tuple[str, Verb]]:
    """Yield each command with its words, such as ``s3 tags get``, in the order of the help."""
    context = root.make_context(root.name, [], resilient_parsing=True)
    for name in root.list_commands(context):
        stub = root.get_command(context, name)
        if isinstance(stub, NounStub):
            yield from _verbs_below(stub.noun, name)
        elif isinstance(stub, VerbStub):
            yield name, stub.verb


def _verbs_below(group: click.Group, words: str) -> Iterator[tuple[str, Verb]]:
    for name, command in group.commands.items():
        path = f"{words} {name}"
        if isinstance(command, Verb):
            yield path, command
        elif isinstance(command, click.Group):
            yield from _verbs_below(command, path)
