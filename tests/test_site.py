"""The documentation's site, built as users build it and walked as they read it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.chromium import Browser, running_chromium
from tests.support.program import ROOT
from tests.support.served_site import SitePage, crawl, missing_anchors, served

PHONE_WIDTH, PHONE_HEIGHT = 390, 844
LEAST_FONT_SIZE = 14
# What a reader sees of the page's own text that is set smaller than this many pixels.
_SMALL_TEXT = """(() => {
  const small = new Set();
  const walker = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const words = walker.currentNode.textContent.trim();
    if (!words || !element.checkVisibility({checkOpacity: true, checkVisibilityCSS: true})) continue;
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (size < LEAST) small.add(element.tagName + " " + size + ": " + words.slice(0, 30));
  }
  return [...small].slice(0, 5);
})()""".replace("LEAST", str(LEAST_FONT_SIZE))


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the site, built once for all tests; a warning fails the build."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def site_url(site_folder: Path) -> Iterator[str]:
    """Serve the site and give the address of its home page."""
    with served(site_folder) as url:
        yield url


@pytest.fixture(scope="session")
def crawled(site_url: str) -> tuple[dict[str, SitePage], list[str]]:
    """Give every page that the home page leads to, and what did not answer."""
    return crawl(site_url)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Give a Chromium that all walks share."""
    with running_chromium(tmp_path_factory.mktemp("chromium")) as started:
        yield started


def test_WHEN_every_link_is_followed_THEN_pages_pictures_and_anchors_are_there(
    crawled: tuple[dict[str, SitePage], list[str]],
) -> None:
    pages, broken = crawled
    assert len(pages) > 50
    assert broken == []
    assert missing_anchors(pages) == []


def test_WHEN_pages_lead_elsewhere_THEN_by_whole_https_addresses_and_load_nothing_from_there(
    crawled: tuple[dict[str, SitePage], list[str]], site_url: str
) -> None:
    for page in crawled[0].values():
        assert [url for url in page.loaded if not url.startswith((site_url, "data:"))] == []
        for link in page.links:
            if not link.startswith((site_url, "mailto:")):
                assert urlsplit(link).scheme in {"https", "http"}, (link, page.url)
                assert re.fullmatch(r"[\w.-]+\.[a-z]+", urlsplit(link).netloc), (link, page.url)


def test_WHEN_pages_are_built_THEN_each_can_be_reached_from_the_home_page(
    crawled: tuple[dict[str, SitePage], list[str]], site_folder: Path, site_url: str
) -> None:
    built = {
        f"{site_url}{path.parent.relative_to(site_folder)}/".replace("/./", "/")
        for path in site_folder.rglob("index.html")
    }
    assert sorted(built - crawled[0].keys()) == []


def test_WHEN_a_module_is_imported_by_guides_or_examples_or_wraps_a_service_THEN_it_has_a_page(
    site_folder: Path,
) -> None:
    sources = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    imported = set(re.findall(r"^from (aws_(?:interactions|operations)\.[\w.]+) import", text, re.MULTILINE))
    wrappers = {
        f"aws_interactions.{path.stem}"
        for path in (ROOT / "aws_interactions").glob("*_interactions*")
        if path.suffix in {"", ".py"}
    }
    assert len(wrappers) >= 8
    pages = {path.name for path in (site_folder / "library").iterdir()}
    # A guide's own example, of a service that is not here, has none.
    ours = {name for name in imported if _is_here(name)} | wrappers
    assert sorted(ours - pages) == []


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("aws_interactions.s3_interactions", "ensure_bucket_exists"),
        ("aws_interactions.sts_interactions", "get_caller_identity"),
        ("aws_interactions.aws_client_provider", "for_role"),
        ("aws_operations.fleet", "run_fleet"),
    ],
)
def test_WHEN_a_module_has_a_page_THEN_it_shows_its_functions_with_their_docstrings(
    site_folder: Path, module: str, name: str
) -> None:
    page = (site_folder / "library" / module / "index.html").read_text(encoding="utf-8")
    assert re.search(rf'id="aws_[\w.]+\.{name}"', page)


def test_WHEN_code_stands_in_a_table_THEN_pipes_have_no_escape_AND_lines_end_between_words_only(
    site_folder: Path,
) -> None:
    assert "<code>--ou PATH|<wbr>ID,...</code>" in (site_folder / "fleets" / "index.html").read_text("utf-8")


def test_WHEN_pages_are_read_on_a_phone_THEN_they_fit_are_legible_and_complain_of_nothing(
    crawled: tuple[dict[str, SitePage], list[str]], site_url: str, browser: Browser
) -> None:
    browser.resize(PHONE_WIDTH, PHONE_HEIGHT)
    faults: dict[str, object] = {}
    for url in _of_each_make(crawled[0]):
        browser.open(url)
        if browser.evaluate("document.documentElement.scrollWidth") > PHONE_WIDTH:
            faults[f"{url} scrolls sideways"] = browser.evaluate("document.documentElement.scrollWidth")
        if small := browser.evaluate(_SMALL_TEXT):
            faults[f"{url} has small text"] = small
        if browser.errors():
            faults[f"{url} complains"] = browser.errors()
        if strangers := [a for a in browser.requested() if not a.startswith((site_url, "data:", "blob:"))]:
            faults[f"{url} asks others"] = strangers
    assert faults == {}


@pytest.mark.parametrize(("preferred", "scheme"), [("light", "default"), ("dark", "slate")])
def test_WHEN_a_reader_prefers_light_or_dark_pages_THEN_they_are(
    site_url: str, browser: Browser, preferred: str, scheme: str
) -> None:
    browser.call(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": preferred}]
    )
    browser.open(site_url)
    assert browser.evaluate("document.body.dataset.mdColorScheme") == scheme


@pytest.mark.parametrize("words", ["s3 destroy", "ec2 stop", "runs resume"])
def test_WHEN_a_command_is_searched_for_THEN_its_place_in_the_reference_is_found_and_opened(
    site_url: str, browser: Browser, words: str
) -> None:
    browser.resize(1280, 900)
    browser.open(site_url)
    browser.evaluate("document.querySelector('.md-search__input').focus()")
    browser.write(words)
    anchor = f"#manage-resources-{words.replace(' ', '-')}"
    # Between page and anchor the words stand, for the page to mark them.
    found = f"a.md-search-result__link[href*='/commands/'][href$='{anchor}']"
    browser.wait_for(f"document.querySelector({json.dumps(found)})")
    browser.evaluate(f"document.querySelector({json.dumps(found)}).click()")
    browser.wait_for(f"location.hash == '{anchor}'")
    browser.wait_for("document.querySelector('article h1').textContent.startsWith('Commands')")
    assert browser.errors() == []


def _is_here(module: str) -> bool:
    path = ROOT / module.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


def _of_each_make(pages: dict[str, SitePage]) -> list[str]:
    """Return the written pages, and the longest of those that are made alike."""
    chosen = set(pages)
    for made in ("/library/aws_", "/listings/"):
        alike = {url for url in pages if made in url}
        longest = sorted(alike, key=lambda url: len(pages[url].anchors))[-1:]
        chosen = chosen - alike | set(longest)
    return sorted(chosen)
