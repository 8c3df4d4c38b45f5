"""What mkdocs calls while it builds the site: pages that are not files of ``docs/``, links, diagrams."""

import posixpath
import re
from pathlib import Path
from typing import Any

import diagrams
import library_reference
import outside_pages
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"^\|.*", re.MULTILINE)
_CODE = re.compile(r"`[^`]+`")
_CELL = re.compile(r"<td[ >].*?</td>", re.DOTALL)
_CODE_IN_CELL = re.compile(r"(?<=<code>)[^<]+(?=</code>)")
_BETWEEN_WORDS = re.compile(r"(?<=[/_,:=|])(?=\w)|(?<=\.)(?=\w{4})")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the library's pages where the navigation has a place for them."""
    config.nav = [_with_library(entry) for entry in config.nav or []]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that come from elsewhere."""
    texts = {path: text for path, text in _outside_texts().items() if text is not None}
    for path, text in texts.items():
        files.append(File.generated(config, outside_pages.OUTSIDE_PAGES[path], content=text))
    for page_path, text in library_reference.pages(ROOT).items():
        files.append(File.generated(config, page_path, content=text))
    docs = {f"{outside_pages.DOCS}{file.src_uri}": file.content_string for file in _own_pages(files)}
    for page_path, text in outside_pages.listings({**texts, **docs}, ROOT).items():
        # Reached by links alone.
        files.append(File.generated(config, page_path, content=text, inclusion=InclusionLevel.NOT_IN_NAV))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to pages of the site, and show diagrams as pictures."""
    del files
    page_path = page.file.src_uri
    repository_path = _repository_path(page_path)
    if repository_path is None:
        return markdown
    markdown = outside_pages.rewrite_links(markdown, repository_path, page_path, ROOT)
    markdown = _ROW.sub(lambda row: _CODE.sub(_with_plain_pipes, row[0]), markdown)
    up = "../" * page_path.count("/")
    return diagrams.with_pictures(markdown, up, Path(config.docs_dir))


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Let long names in tables go on in the next line after a word, as columns are narrow on a phone."""
    del page, config
    return _CELL.sub(lambda cell: _CODE_IN_CELL.sub(_with_breaks, cell[0]), output)


def _with_breaks(code: re.Match[str]) -> str:
    return _BETWEEN_WORDS.sub("<wbr>", code[0])


def _with_plain_pipes(code: re.Match[str]) -> str:
    # GitHub wants them escaped where code stands in a table; here the backslash would show.
    return code[0].replace("\\|", "|")


def _outside_texts() -> dict[str, str | None]:
    paths = {path: ROOT / path for path in outside_pages.OUTSIDE_PAGES}
    return {
        path: file.read_text(encoding="utf-8") if file.is_file() else None for path, file in paths.items()
    }


def _own_pages(files: Files) -> list[File]:
    return [file for file in files.documentation_pages() if file.generated_by is None]


def _repository_path(page_path: str) -> str | None:
    """Return the file that a page shows; ``None`` for those written here, whose links are right already."""
    if page_path.startswith((library_reference.FOLDER, outside_pages.LISTINGS)):
        return None
    for path, shown_as in outside_pages.OUTSIDE_PAGES.items():
        if shown_as == page_path:
            return path
    return posixpath.join(outside_pages.DOCS, page_path)


def _with_library(entry: Any) -> Any:
    if isinstance(entry, dict) and library_reference.FOLDER in entry.values():
        return {title: library_reference.navigation(ROOT) for title in entry}
    return entry
