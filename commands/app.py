"""How commands are made: ``noun()`` gives a group, its ``verb()`` a command, ``lone_verb()`` one by itself.

A command's body only parses and returns its work, of the shape that it declared; the runner does the
rest. The global options are accepted by every command and group.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from commands.options import (
    ALL_COLLECTED,
    COLLECTED_TO_GO_ON,
    COLLECTED_TO_REFUSE,
    COLLECTED_WITHOUT_AWS,
    PROGRAM,
    RESERVED_SPELLINGS,
    CollectedOption,
    Settings,
)
from commands.settings import resolve_settings
from commands.shapes import Shape

if TYPE_CHECKING:
    from commands.console import Console
    from commands.journaling import Resumption
    from commands.target_setup import FleetFromBefore

__all__ = [
    "GlobalOptionsMixin",
    "Invocation",
    "Noun",
    "Shape",
    "SuggestingGroup",
    "Verb",
    "lone_verb",
    "noun",
    "settings_of",
]

P = ParamSpec("P")
Work = TypeVar("Work")
Runner = Callable[[Shape, Any, Settings, "Console"], int]

CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_GLOBAL_OPTIONS_HINT = "Global options, such as --profile, --region and --output, work here too: "


_FOR_ROWS = ("output", "query")
_FOR_QUESTIONS = "yes"

_CONSEQUENCE_BY_SHAPE = {
    Shape.ROWS: "Reads only.",
    Shape.CHANGES: (
        "Shows what it will do and asks; --yes does not ask, --dry-run only shows, --plan-out FILE saves it "
        "for 'apply'. Without a terminal, what destroys, overwrites or cannot be undone needs --yes."
    ),
    Shape.BYTES: "",
    Shape.SESSION: "",
}


@dataclass(slots=True)
class Invocation:
    """One run of the program: how work is run, and what the error boundary has to know.

    ``runner`` is ``commands.runner.run`` unless a test gives another. ``arguments`` are the words that were
    typed. ``resumption`` is there where a run from before goes on, with the settings that it was begun with.
    """

    runner: Runner | None = None
    settings: Settings | None = None
    arguments: tuple[str, ...] = ()
    resumption: "Resumption | None" = None

    def settings_for(self, ctx: click.Context, verb: "Verb") -> Settings:
        """Return the settings of a command, and remember them."""
        resumed = self.resumption.settings if self.resumption is not None else None
        self.settings = resumed or resolve_settings(
            ctx, takes_identity=verb.takes_identity, goes_on=verb.goes_on
        )
        return self.settings

    def run(self, verb: "Verb", work: Any, settings: Settings, console: "Console") -> int:
        """Run the work and return the exit code."""
        if self.runner is not None:
            return self.runner(verb.shape, work, settings, console)
        # All are named here only, because the runner imports boto.
        if (settings.record or settings.record_answers) and (verb.takes_identity or verb.goes_on):
            import_module("aws_interactions.lean_imports").install()
            import_module("commands.recording").begin_recording(settings, self.arguments)
        if verb.takes_identity:
            return self.run_in_targets(verb.shape, work, settings, console)
        return int(import_module("commands.local_runner").run_here(verb.shape, work, console))

    def run_in_targets(
        self,
        shape: Shape,
        work: Any,
        settings: Settings,
        console: "Console",
        *,
        known: "FleetFromBefore | None" = None,
    ) -> int:
        """Run work that calls AWS, where the settings choose or in ``known``, and return the exit code."""
        import_module("aws_interactions.lean_imports").install()
        run = import_module("commands.runner").run
        origin = {"arguments": self.arguments, "resumption": self.resumption, "known": known}
        return int(run(shape, work, settings, console, **origin))


def settings_of(ctx: click.Context) -> Settings:
    """Return the settings of the command that runs, for a body that depends on them."""
    settings = ctx.ensure_object(Invocation).settings
    if settings is None:
        raise RuntimeError("settings are there only while a command runs")
    return settings


class GlobalOptionsMixin(click.Command):
    """Adds the global options to a command or group; they are collected, never handed to its callback."""

    takes_identity: bool = True
    goes_on: str = ""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own parameters and the global options."""
        own = super().get_params(ctx)
        if self.takes_identity:
            return [*own, *ALL_COLLECTED]
        return [*own, *self._without_identity, *(COLLECTED_TO_REFUSE if self.goes_on else ())]

    @property
    def _without_identity(self) -> tuple[CollectedOption, ...]:
        return COLLECTED_TO_GO_ON if self.goes_on else COLLECTED_WITHOUT_AWS

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return Click's option with a callback that tells a full disk from other faults."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = _show_help
        return option

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options, and where the global ones are listed."""
        own = [record for record in map(help_of(ctx), super().get_params(ctx)) if record and record[1]]
        with formatter.section("Options"):
            formatter.write_dl(own)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)
        self.format_global_options(ctx, formatter)

    def format_global_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a pointer to the global options; the few that there are without an identity in full."""
        formatter.write_paragraph()
        if self.takes_identity:
            formatter.write_text(f"{_GLOBAL_OPTIONS_HINT}{PROGRAM} --help")
            return
        with formatter.section("Global options"):
            formatter.write_dl([record for record in map(help_of(ctx), self.shown_without_aws()) if record])

    def shown_without_aws(self) -> tuple[CollectedOption, ...]:
        """Return the global options that mean something to a command that takes no identity."""
        return self._without_identity


def help_of(ctx: click.Context) -> Callable[[click.Parameter], tuple[str, str] | None]:
    """Return what gives a parameter's two columns of help, ``None`` for one without."""
    return lambda parameter: parameter.get_help_record(ctx)


def _first_paragraph(help_text: str | None) -> str:
    return " ".join((help_text or "").partition("\n\n")[0].split())


def _words_below_program(ctx: click.Context) -> str:
    return ctx.command_path.partition(" ")[2]


class Verb(GlobalOptionsMixin):
    """One command: parses, hands its work to the runner, exits with the runner's code."""

    def __init__(
        self,
        *args: Any,
        noun_name: str,
        shape: Shape,
        example: str,
        takes_identity: bool,
        goes_on: str = "",
        **attributes: Any,
    ) -> None:
        super().__init__(*args, **attributes)
        self.noun_name = noun_name
        self.shape = shape
        self.example = example
        self.takes_identity = takes_identity
        self.goes_on = goes_on
        _refuse_reserved(self)

    def invoke(self, ctx: click.Context) -> None:
        """Resolve the settings, get the work from the body, run it, exit."""
        invocation = ctx.ensure_object(Invocation)
        settings = invocation.settings_for(ctx, self)
        if settings.plan_out is not None and self.takes_identity and self.shape is not Shape.CHANGES:
            raise click.UsageError("--plan-out saves changes, and this command makes none.", ctx)
        work = super().invoke(ctx)
        from commands.console import Console
        from commands.logs import configure_logging

        configure_logging(settings)
        console = Console(output=settings.output, query=settings.query)
        ctx.exit(invocation.run(self, work, settings, console))

    def shown_without_aws(self) -> tuple[CollectedOption, ...]:
        """Return them without those about rows or questions where there are none."""
        useless = set[str]() if self.shape is Shape.ROWS or self.goes_on else {*_FOR_ROWS}
        if self.shape is not Shape.SESSION:
            useless.add(_FOR_QUESTIONS)
        return tuple(option for option in super().shown_without_aws() if option.spec.name not in useless)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command's shape means for its user, and its example."""
        consequence = _CONSEQUENCE_BY_SHAPE[self.shape]
        if consequence:
            formatter.write_paragraph()
            formatter.write_text(consequence)
        super().format_epilog(ctx, formatter)
        with formatter.section("Example"):
            for line in self.example.splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class SuggestingGroup(GlobalOptionsMixin, click.Group):
    """A group that says what it has when it is asked for something near, though it loads nothing before."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with the whole first paragraph of its help, not cut off."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, _first_paragraph(command.help)) for name, command in commands.items() if command]
            )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments name; raises ``click.UsageError`` with what may be meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            from commands.mistyped import mistyped

            raise mistyped(
                ctx, error.command_name, _words_below_program(ctx), self.list_commands(ctx)
            ) from error


class Noun(SuggestingGroup):
    """The verbs of one noun; a subgroup such as ``s3 tags`` is made by ``group``."""

    def __init__(self, name: str, *, help: str, takes_identity: bool = True) -> None:  # noqa: A002 - Click's word
        super().__init__(name, help=help, context_settings=CONTEXT_SETTINGS)
        self.takes_identity = takes_identity

    def verb(
        self, name: str, *, shape: Shape, example: str, **attributes: Any
    ) -> Callable[[Callable[P, Work]], Callable[P, Work]]:
        """Register the decorated body as a verb; the body stays a plain function.

        ``example`` is a command line that works on the sandbox; it is shown in the help. The rest goes
        to ``click.Command``; ``goes_on="the run"`` is for a verb that goes on from what was kept of a run,
        with its identity, ``takes_identity=False`` for one that calls no AWS though others of the noun do.
        Raises ``ValueError`` when an option takes the name of a global one.
        """
        _check_example(f"{self.name} {name}", example)

        def register(body: Callable[P, Work]) -> Callable[P, Work]:
            takes = {"noun_name": self.name, "takes_identity": self.takes_identity, **attributes}
            self.add_command(_verb(name, body, shape=shape, example=example, **takes))
            return body

        return register

    def group(self, name: str, *, help: str) -> "Noun":  # type: ignore[override] # noqa: A002 - not a decorator
        """Return a new group below this one, such as ``tags`` of ``s3 tags get``."""
        group = Noun(name, help=help, takes_identity=self.takes_identity)
        self.add_command(group)
        return group


def noun(name: str, *, help: str, takes_identity: bool = True) -> Noun:  # noqa: A002 - Click's word
    """Return the group of a noun; ``takes_identity=False``: its commands call no AWS."""
    return Noun(name, help=help, takes_identity=takes_identity)


def lone_verb(
    name: str, *, shape: Shape, example: str, **attributes: Any
) -> Callable[[Callable[P, Work]], Verb]:
    """Make the decorated body a command that stands without a noun; see ``Noun.verb`` for the rest."""
    _check_example(name, example)

    def make(body: Callable[P, Work]) -> Verb:
        takes = {"noun_name": "", "takes_identity": False}
        return _verb(name, body, shape=shape, example=example, **takes, **attributes)

    return make


def _check_example(words: str, example: str) -> None:
    if not example.startswith(f"{PROGRAM} "):
        raise ValueError(f"the example of {words} must be a command line: {example!r}")


def _verb(name: str, body: Callable[P, Work], *, example: str, **attributes: Any) -> Verb:
    make = click.command(name, cls=Verb, context_settings=CONTEXT_SETTINGS, example=example, **attributes)
    return make(body)


def _show_help(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from commands.console import Console

        console = Console()
        console.write(f"{ctx.get_help()}\n")
        console.flush()
        ctx.exit()


def _refuse_reserved(command: Verb) -> None:
    for parameter in command.params:
        for spelling in (*parameter.opts, *parameter.secondary_opts):
            if spelling in RESERVED_SPELLINGS:
                raise ValueError(f"{command.noun_name} {command.name}: {spelling} is a global option")
