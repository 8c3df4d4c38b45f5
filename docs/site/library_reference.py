"""The library's pages: one for each module that users import, found in the code, filled from docstrings."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

FOLDER = "library/"
_WRAPPERS = "aws_interactions.*_interactions"
# Groups of the navigation, first match wins: what matches none is the library's own business.
_GROUPS = (
    (
        "Provider, errors",
        ("aws_interactions.aws_*", "aws_interactions.access_keys", "aws_interactions.credential_errors"),
    ),
    ("Wrappers", (_WRAPPERS, "aws_interactions.single_table")),
    (
        "Testing",
        ("aws_interactions.testing", "aws_interactions.testing_replay", "aws_interactions.testing_faults"),
    ),
    (
        "Writing wrappers",
        tuple(f"aws_interactions.{name}" for name in ("calls", "service_operations", "tags", "waiting")),
    ),
    ("Operations", ("aws_operations.[a-z]*",)),
)
_INTRODUCTION = """# Library

What scripts and tests import, from the docstrings. Wrappers are plain functions with the provider last; an
operation over many accounts and regions is a function that takes the provider and yields rows.

"""


@dataclass(frozen=True, slots=True)
class Module:
    """A module that has a page: its dotted name, what it says of itself, the names it takes from others."""

    name: str
    summary: str
    names_by_home: dict[str, list[str]]

    @property
    def page_path(self) -> str:
        """The page's path in the site."""
        return f"{FOLDER}{self.name}.md"


def public_modules(root: Path) -> dict[str, list[Module]]:
    """Return the modules that users import, by group of the navigation."""
    groups: dict[str, list[Module]] = defaultdict(list)
    for name, path in _modules(root):
        group = _group(name, root)
        if group is not None:
            groups[group].append(_read(name, path))
    return {title: groups[title] for title in sorted(groups, key=_rank)}


def pages(root: Path) -> dict[str, str]:
    """Return the Markdown of each page by its path, that of the table of contents included."""
    groups = public_modules(root)
    made = {module.page_path: _page(module) for modules in groups.values() for module in modules}
    return {f"{FOLDER}index.md": _contents(groups), **made}


def navigation(root: Path) -> list[str | dict[str, list[dict[str, str]]]]:
    """Return the part of the navigation that leads to the pages."""
    groups = public_modules(root)
    entries: list[str | dict[str, list[dict[str, str]]]] = [f"{FOLDER}index.md"]
    for title, modules in groups.items():
        entries.append({title: [{_short(module.name): module.page_path} for module in modules]})
    return entries


def _modules(root: Path) -> Iterator[tuple[str, Path]]:
    for package in ("aws_interactions", "aws_operations"):
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def _group(name: str, root: Path) -> str | None:
    if name.count(".") == 1:
        return _matching_group(name, root)
    package, _, last = name.rpartition(".")
    # A service's operations: its planners and kinds of change are in a module of this name.
    has_changes = (root / package.replace(".", "/") / "changes.py").is_file()
    if has_changes and not last.endswith("_parts"):
        return f"Operations: {package.rpartition('.')[2]}"
    return None


def _matching_group(name: str, root: Path) -> str | None:
    is_package = (root / name.replace(".", "/")).is_dir()
    if name.startswith("aws_operations.") and is_package:
        return None
    return next((title for title, patterns in _GROUPS if any(fnmatch(name, p) for p in patterns)), None)


def _rank(title: str) -> tuple[int, str]:
    titles = [group for group, _ in _GROUPS]
    return (titles.index(title) if title in titles else len(titles), title)


def _read(name: str, path: Path) -> Module:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    summary = (ast.get_docstring(tree) or "").partition("\n\n")[0].replace("\n", " ")
    return Module(name, summary, _taken_names(tree.body) if path.name == "__init__.py" else {})


def _taken_names(body: Sequence[ast.stmt]) -> dict[str, list[str]]:
    """Return what ``from x import y as y`` makes public here, by ``x``."""
    taken: dict[str, list[str]] = defaultdict(list)
    for statement in body:
        if isinstance(statement, ast.If):
            for home, names in _taken_names(statement.body).items():
                taken[home] += names
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            names = [alias.name for alias in statement.names if alias.name == alias.asname]
            if names:
                taken[statement.module] += names
    return dict(taken)


def _page(module: Module) -> str:
    parts = [f"# {module.name}\n"]
    if not module.names_by_home:
        parts.append(_docstrings_of(module.name, "heading_level: 2"))
        return "".join(parts)
    parts.append(_docstrings_of(module.name, "members: []"))
    # What the package took from elsewhere comes last.
    for home in sorted(module.names_by_home, key=lambda home: (not home.startswith(module.name), home)):
        title = home.rpartition(".")[2].replace("_", " ").capitalize()
        members = f"members: [{', '.join(module.names_by_home[home])}]"
        parts.append(f"\n## {title}\n{_docstrings_of(home, 'heading_level: 3', members)}")
    return "".join(parts)


def _docstrings_of(module: str, *options: str) -> str:
    lines = "".join(f"      {option}\n" for option in ("show_root_heading: false", *options))
    return f"\n::: {module}\n    options:\n{lines}"


def _contents(groups: dict[str, list[Module]]) -> str:
    parts = [_INTRODUCTION]
    for title, modules in groups.items():
        parts.append(f"## {title}\n\n")
        parts += [f"[`{module.name}`]({module.name}.md)\n:   {module.summary}\n\n" for module in modules]
    return "".join(parts)


def _short(name: str) -> str:
    return name.rpartition(".")[2]
