"""Pages of the site from files outside ``docs/``, and links that work in the repository and in the site.

Markdown links a file of the repository by its path. In the site such a link leads to the page that shows
the file: its own page for Markdown, a listing for anything else.
"""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

# Files outside docs/ that are pages; what they are called in the site.
OUTSIDE_PAGES = {
    "README.md": "overview.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "examples/README.md": "examples.md",
    "reference_implementation/README.md": "pattern.md",
    "reference_implementation/references/patterns.md": "patterns.md",
}
DOCS = "docs/"
LISTINGS = "listings/"

_LANGUAGES = {".py": "python", ".toml": "toml", ".yml": "yaml", ".md": "markdown", ".sh": "bash"}
_FENCE = re.compile(r"^ *(`{3,}|~{3,})")
_CODE_OR_LINK = re.compile(
    r"(?P<code>(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))|(?P<before>\]\()(?P<target>[^)\s]+)(?=[)\s])"
)
_DEFINITION = re.compile(r"^(?P<before> {0,3}\[[^\]]+\]: +)(?P<target>\S+)")


def site_path(repository_path: str, root: Path) -> str | None:
    """Return the page or picture that shows a file or folder; ``None`` if there is no such file."""
    if (root / repository_path).is_dir():
        repository_path = posixpath.normpath(posixpath.join(repository_path, "README.md"))
    if not (root / repository_path).is_file():
        return None
    if repository_path in OUTSIDE_PAGES:
        return OUTSIDE_PAGES[repository_path]
    if repository_path.startswith(DOCS) and not repository_path.endswith(".py"):
        return repository_path.removeprefix(DOCS)
    return f"{LISTINGS}{repository_path}.md"


def rewrite_links(markdown: str, repository_path: str, page_path: str, root: Path) -> str:
    """Return the text of a page with its relative links leading to pages of the site.

    A link to no file is left as it is: the build then warns of it.
    """

    def rewritten(target: str) -> str:
        file_path = linked_file(target, repository_path)
        shown_by = site_path(file_path, root) if file_path else None
        if shown_by is None:
            return target
        anchor = target.partition("#")[2]
        link = posixpath.relpath(shown_by, posixpath.dirname(page_path) or ".")
        return f"{link}#{anchor}" if anchor and not shown_by.startswith(LISTINGS) else link

    return "".join(_with_links(markdown, rewritten))


def linked_files(markdown: str, repository_path: str) -> set[str]:
    """Return the paths in the repository that a text links."""
    targets: list[str] = []

    def noted(target: str) -> str:
        targets.append(target)
        return target

    for _ in _with_links(markdown, noted):
        pass
    return {path for target in targets if (path := linked_file(target, repository_path))}


def linked_file(target: str, repository_path: str) -> str | None:
    """Return the path in the repository that a link leads to; ``None`` for other sites and for anchors."""
    path = unquote(target.partition("#")[0])
    if not path or re.match(r"[a-z][a-z+.-]*:|//", target):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(repository_path), path))


def listings(texts: Mapping[str, str], root: Path) -> dict[str, str]:
    """Return the listings that these texts (by their paths) link: page path and Markdown of each."""
    wanted = {path for where, text in texts.items() for path in linked_files(text, where)}
    shown: dict[str, str] = {}
    for path in sorted(wanted):
        page_path = site_path(path, root)
        if page_path and page_path.startswith(LISTINGS):
            shown[page_path] = _listing(path, (root / path).read_text(encoding="utf-8"))
    return shown


def _listing(path: str, text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    language = _LANGUAGES.get(posixpath.splitext(path)[1], "text")
    # Found by its name in the navigation of code, not by each word in it.
    return f"---\nsearch:\n  exclude: true\n---\n# `{path}`\n\n{fence}{language}\n{text}\n{fence}\n"


def _with_links(markdown: str, change: Callable[[str], str]) -> Iterator[str]:
    """Yield the lines of a text, each link outside code changed."""
    fence = ""
    for line in markdown.splitlines(keepends=True):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip(" `~\n"):
                fence = ""
            yield line
        elif mark:
            fence = mark[1]
            yield line
        else:
            yield _with_links_in_line(line, change)


def _with_links_in_line(line: str, change: Callable[[str], str]) -> str:
    def changed(found: re.Match[str]) -> str:
        return found[0] if found["target"] is None else f"{found['before']}{change(found['target'])}"

    line = _DEFINITION.sub(lambda found: f"{found['before']}{change(found['target'])}", line)
    return _CODE_OR_LINK.sub(changed, line)
