"""``scaffold``: code to start from, written in the pattern of the reference implementation."""

import os
import shlex
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.app import noun
from commands.lazy import lazy
from commands.options import PROGRAM
from commands.shapes import Shape
from commands.wording import counted

if TYPE_CHECKING:
    from aws_operations.scaffold import files, project_template, service_design, service_files
else:
    files = lazy("aws_operations.scaffold.files")
    project_template = lazy("aws_operations.scaffold.project_template")
    service_design = lazy("aws_operations.scaffold.service_design")
    service_files = lazy("aws_operations.scaffold.service_files")

scaffold = noun("scaffold", help="Projects and services to start from.", takes_identity=False)

_PREVIEW = click.option("--preview", "is_preview", is_flag=True, help="Only list the files; write nothing.")


class OperationNames(click.ParamType[tuple[str, ...]]):
    """Names of operations with commas between them."""

    name = "names"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return the names, or fail for an empty one."""
        names = tuple(name.strip() for name in str(value).split(","))
        if not all(names):
            self.fail("give names with commas between, such as ListQueues,SendMessage", param, ctx)
        return names


class Folder(click.Path):
    """The path of a folder, which says something: an unset variable is not the current folder."""

    name = "dir"

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Return the path, or fail for an empty text."""
        if not str(value).strip():
            self.fail("the name of the folder is empty; the current one is .", param, ctx)
        return Path(value)


@scaffold.verb("project", shape=Shape.BYTES, example=f"{PROGRAM} scaffold project my-project")
@click.argument("folder", metavar="DIR", type=Folder())
@_PREVIEW
def project(folder: Path, is_preview: bool) -> Callable[[], Iterator[str]]:
    """Start a project: provider, errors, an example service, tests, and a program over all services.

    Its tests, types and lint pass as it stands. The files are listed on standard output.

    DIR is a folder that is empty or not there yet; nothing is ever written over. A run that was cut short can
    be made again.
    """
    return partial(_project, folder, is_preview=is_preview)


@scaffold.verb(
    "service",
    shape=Shape.BYTES,
    example=f"{PROGRAM} scaffold service sqs --operations ListQueues,SendMessage --project my-project",
)
@click.argument("name", metavar="NAME")
@click.option(
    "--operations",
    type=OperationNames(),
    required=True,
    metavar="NAMES",
    help="The operations to wrap, as AWS names them, with commas between.",
)
@click.option(
    "--project",
    "folder",
    type=Folder(),
    default=Path(),
    metavar="DIR",
    help="The project that gets the service; else the current folder.",
)
@_PREVIEW
def service(
    name: str, operations: tuple[str, ...], folder: Path, is_preview: bool
) -> Callable[[], Iterator[str]]:
    """Write a service into a project: wrapper, getter, read-only rows, commands and tests.

    It is made from botocore's own model: dataclasses, enums, exceptions and pages. It is yours from then on:
    a service that the project has is refused, so take all operations that you need at once. Files that are
    there stay; the getter and the reads go into the two that list services.

    NAME is the service as botocore calls it, such as sqs.
    """
    return partial(_service, name, operations, folder, is_preview=is_preview)


def _project(folder: Path, *, is_preview: bool) -> Iterator[str]:
    folder_name = folder.resolve().name
    new = project_template.project_files(folder_name)
    files.check_is_free(folder, new)
    missing = files.missing_files(folder, new)
    if not is_preview:
        files.write_folder(folder, new)
    yield from (f"{folder / name}\n" for name in new)
    install = "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/pytest"
    _say_next(is_preview, len(missing), f"cd {_for_shell(folder)} && {install}")


def _service(name: str, operations: tuple[str, ...], folder: Path, *, is_preview: bool) -> Iterator[str]:
    service_files.check_is_project(folder)
    design = service_design.design_service(name, operations)
    brought = service_files.service_files(folder, design)
    if not is_preview:
        service_files.write_service(folder, brought)
    yield from (f"{folder / each}\n" for each in (*brought.files, *brought.edits))
    if not is_preview:
        _say_reads([each.api_name for each in design.operations if each.is_read], folder)
    commands_folder = next(iter(brought.files)).partition("/")[0]
    words = commands_folder.rstrip("_").replace("_", "-")
    _say_next(
        is_preview,
        len(brought.missing) + len(brought.edits),
        f"python {_for_shell(folder / 'main.py')} {words} --help",
    )


def _for_shell(path: Path) -> str:
    # A name that starts with a hyphen would be taken for an option.
    return shlex.quote(f"./{path}" if str(path).startswith("-") else str(path))


def _say_reads(names: list[str], folder: Path) -> None:
    from commands.console import Console

    rows = folder / "core" / "read_operations.py"
    if names:
        listed = ", ".join(names)
        Console().note(f"taken for reads: {listed}; review them in {rows}; what is not there needs --yes")
    else:
        Console().note(f"taken for reads: none; what is not in {rows} needs --yes")


def _say_next(is_preview: bool, count: int, next_step: str) -> None:
    from commands.console import Console

    if is_preview:
        Console().note(f"{counted(count, 'file')} would be written; nothing was")
    else:
        written = f"{counted(count, 'file')} written" if count else "all files were there already"
        Console().note(f"{written}; try next: {next_step}")
