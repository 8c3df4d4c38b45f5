"""A new service in a project: its files, and the edits of those that list services."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aws_interactions.aws_errors import LocalFileProblem
from aws_operations.scaffold.command_source import command_source
from aws_operations.scaffold.files import AlreadyThere, Edit, holds, missing_files, read_source, write_files
from aws_operations.scaffold.getter_source import PROVIDER_FILE, with_getter
from aws_operations.scaffold.package_names import package_name
from aws_operations.scaffold.rows_source import READS_FILE, listed_reads, with_read_rows
from aws_operations.scaffold.service_design import ServiceDesign
from aws_operations.scaffold.source_edits import CantEditSource
from aws_operations.scaffold.source_format import formatted
from aws_operations.scaffold.tests_source import command_tests_source, wrapper_tests_source
from aws_operations.scaffold.wrapper_source import wrapper_source

# What the generated files import; without one of these a folder is no project that they work in.
_NEEDED_FILES = (PROVIDER_FILE, READS_FILE, "core/aws_errors.py", "core/command_line.py", "tests/answers.py")


class NotAProject(LocalFileProblem):
    """The folder is no project in the pattern, or lacks a file that every service needs."""

    def __init__(self, folder: Path, missing: str) -> None:
        super().__init__(
            f"{folder.resolve()} is no project to add a service to: it has no {missing}; "
            "start one with manage-resources scaffold project DIR, or name it with --project",
            file_path=folder,
        )


@dataclass(frozen=True, slots=True)
class ServiceFiles:
    """What a new service brings: new files, and edits of files that are there, by their paths.

    ``missing`` are those of the new files that are not there yet: all, unless an earlier run was cut short.
    """

    files: Mapping[str, str]
    missing: Sequence[str]
    edits: Mapping[str, Edit]


def check_is_project(folder: Path) -> None:
    """Raise ``NotAProject`` unless the folder has what every service needs."""
    for name in _NEEDED_FILES:
        if not (folder / name).is_file():
            raise NotAProject(folder, name)


def service_files(project: Path, design: ServiceDesign) -> ServiceFiles:
    """Return what the service brings to the project; writes nothing.

    Raises ``NotAProject``, ``AlreadyThere`` where the project has other files in their places,
    ``CantEditSource``, and what ``formatted`` raises.
    """
    check_is_project(project)
    package = package_name(design)
    wrapper = f"{package}/{design.module_name}.py"
    is_there = (project / wrapper).exists()
    # What was made of the lists since a service is there, such as a read struck off, is not made undone.
    edits = {} if is_there else dict(_edits(project, design))
    sources = {
        f"{package}/__init__.py": f'"""{design.title}: its wrapper, and a command for each operation."""\n',
        f"{package}/commands.py": command_source(design),
        f"tests/{_tests_name(design)}.py": wrapper_tests_source(design),
        f"tests/test_{package.rstrip('_')}_commands.py": command_tests_source(
            _with_reads_of(project, edits, design)
        ),
        # The last one: who has the wrapper has the service, however a run ended.
        wrapper: wrapper_source(design),
    }
    files = {name: formatted(source, first_party=[package]) for name, source in sources.items()}
    if is_there:
        _check_is_the_same(project, design.service_name, package, files)
    return ServiceFiles(files, missing_files(project, files), edits)


def write_service(project: Path, service: ServiceFiles) -> None:
    """Write files and edits, all or none; raises as ``write_files`` does."""
    write_files(project, service.files, service.edits)


def _tests_name(design: ServiceDesign) -> str:
    name = f"test_{design.module_name}"
    # The tests of the example, whose service is S3 too, have that name.
    return "test_s3_service_wrapper" if name == "test_s3_wrapper" else name


def _edits(project: Path, design: ServiceDesign) -> Iterator[tuple[str, Edit]]:
    for name, edited in ((PROVIDER_FILE, with_getter), (READS_FILE, with_read_rows)):
        if (project / name).is_symlink():
            raise CantEditSource(project / name, "it is a link; give the project a file of its own")
        before = read_source(project / name)
        after = edited(before, design)
        if before != after:
            yield name, Edit(before, after)


def _with_reads_of(project: Path, edits: Mapping[str, Edit], design: ServiceDesign) -> ServiceDesign:
    """Return the design with the reads that the project will let through: some it may have by itself."""
    rows = edits[READS_FILE].after if READS_FILE in edits else read_source(project / READS_FILE)
    listed = listed_reads(rows, design.service_name)
    operations = [replace(each, is_read=each.api_name in listed) for each in design.operations]
    return replace(design, operations=tuple(operations))


def _check_is_the_same(project: Path, service_name: str, package: str, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        if not holds(project / name, text):
            raise AlreadyThere(
                f"{project} has {service_name} already, and what is in {package} is yours; to get more "
                "operations, scaffold the service into a new project and take over what you need",
                [project / name],
            )
