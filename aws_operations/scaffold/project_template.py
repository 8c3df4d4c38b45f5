"""The files of a new project: those of the reference implementation, and what makes a program of them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from aws_interactions.aws_errors import LocalFileProblem

_HERE = Path(__file__).parent
_PARTS = _HERE / "project_parts"
# An installed program has the files beside this module, a checkout has them where they are looked after.
_REFERENCE_FOLDERS = (_HERE / "reference_files", _HERE.parent.parent / "reference_implementation")
_FROM_REFERENCE = ("core", "example_service", "tests")
_SUFFIX = ".template"
_NAME = "{{name}}"


class TemplateMissing(LocalFileProblem):
    """This installation lacks the files that a project starts from."""

    def __init__(self) -> None:
        super().__init__(
            "this installation lacks the reference implementation: install it again",
            file_path=_REFERENCE_FOLDERS[0],
        )


def project_files(project_name: str) -> Mapping[str, str]:
    """Return the text of each file of a new project by its path in it; raises ``TemplateMissing``."""
    files = dict(_reference_files(_reference_folder()))
    for path in sorted(_PARTS.rglob(f"*{_SUFFIX}")):
        name = path.relative_to(_PARTS).as_posix().removesuffix(_SUFFIX)
        files[".gitignore" if name == "gitignore" else name] = path.read_text(encoding="utf-8").replace(
            _NAME, distribution_name(project_name)
        )
    return dict(sorted(files.items()))


def distribution_name(project_name: str) -> str:
    """Return the name as a Python project may be called: letters and digits, with hyphens between."""
    return re.sub(r"[^0-9A-Za-z]+", "-", project_name).strip("-").lower() or "aws-operations"


def _reference_folder() -> Path:
    for folder in _REFERENCE_FOLDERS:
        if (folder / "core" / "aws_client_provider.py").is_file():
            return folder
    raise TemplateMissing


def _reference_files(folder: Path) -> Iterator[tuple[str, str]]:
    for part in _FROM_REFERENCE:
        for path in (folder / part).rglob("*.py"):
            yield path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")
