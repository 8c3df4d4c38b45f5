"""The root of all commands: it lists them from the registry, and imports the one that is used."""

from importlib import import_module
from typing import Any

import click

from commands.app import CONTEXT_SETTINGS, Noun, SuggestingGroup, Verb, help_of
from commands.options import ALL_COLLECTED, PROGRAM
from commands.registry import NOUNS, NounEntry


class NounStub(SuggestingGroup):
    """Stands for a noun in the root: name and help at once, verbs only when they are asked for."""

    def __init__(self, entry: NounEntry) -> None:
        super().__init__(
            entry.name, help=entry.help, short_help=entry.help, context_settings=CONTEXT_SETTINGS
        )
        self._entry = entry
        self._loaded: Noun | None = None

    @property
    def noun(self) -> Noun:
        """The group itself; the first time, its module is imported."""
        if self._loaded is None:
            found: Noun = getattr(import_module(self._entry.module), self._entry.name)
            self._loaded = found
            self.help = found.help
        return self._loaded

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Return the context of a use of the noun, which needs its module."""
        # The noun knows which global options its commands take.
        self.takes_identity = self.noun.takes_identity
        return super().make_context(info_name, args, parent, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the verbs."""
        return self.noun.list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb, or ``None`` if there is none of that name."""
        return self.noun.get_command(ctx, cmd_name)


class VerbStub(click.Command):
    """Stands for a verb without a noun in the root; its module is imported when it is used."""

    def __init__(self, entry: NounEntry) -> None:
        super().__init__(entry.name, help=entry.help)
        self._entry = entry

    @property
    def verb(self) -> Verb:
        """The command itself; the first time, its module is imported."""
        found: Verb = getattr(import_module(self._entry.module), self._entry.name)
        return found

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Return the context of a use of the command, which is no longer this stub."""
        return self.verb.make_context(info_name, args, parent, **extra)


class Root(SuggestingGroup):
    """The program: lists the nouns from the registry, loads the one that is used."""

    def __init__(self, nouns: tuple[NounEntry, ...] = NOUNS) -> None:
        super().__init__(
            PROGRAM,
            help="AWS operations over many accounts and regions, with an honest result for every target.",
            context_settings=CONTEXT_SETTINGS,
            subcommand_metavar="NOUN VERB [ARGS]...",
            params=[_version_option()],
        )
        self._stubs: dict[str, NounStub | VerbStub] = {
            entry.name: VerbStub(entry) if entry.is_verb else NounStub(entry) for entry in nouns
        }

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's form
        """Return the names of the nouns, in the registry's order."""
        return list(self._stubs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the stub of a noun, or ``None`` if there is none of that name."""
        return self._stubs.get(cmd_name)

    def format_global_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write every global option."""
        with formatter.section("Global options (before or after the verb)"):
            formatter.write_dl([record for record in map(help_of(ctx), ALL_COLLECTED) if record])
        formatter.write_paragraph()
        formatter.write_text(
            "Each has a variable (--assume-role-arn: MANAGE_RESOURCES_ASSUME_ROLE_ARN), but --yes and "
            "--plan-out have none. "
            "Command line over environment over configuration file."
        )


def _version_option() -> click.Option:
    return click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_show_version,
        help="Show the version.",
    )


def _show_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib import metadata

        from commands.console import Console

        try:
            version = metadata.version(PROGRAM)
        except metadata.PackageNotFoundError:
            version = "(not installed)"
        Console().write(f"{PROGRAM} {version}\n")
        ctx.exit()


root = Root()
