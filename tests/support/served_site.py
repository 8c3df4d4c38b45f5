"""The documentation's site as a visitor meets it: built, served on loopback, its pages read."""

import functools
import http.server
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

_LINKING = {"a": "href", "link": "href", "script": "src", "img": "src", "source": "src", "iframe": "src"}


@dataclass
class SitePage:
    """What a page's HTML has: its address, the names of its places, and what it leads to or loads."""

    url: str
    anchors: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    loaded: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self, page: SitePage) -> None:
        super().__init__()
        self._page = page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self._page.anchors |= {value for name in ("id", "name") if (value := named.get(name))}
        target = named.get(_LINKING.get(tag, ""))
        if target:
            where = self._page.links if tag == "a" else self._page.loaded
            where.add(urljoin(self._page.url, target))


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        # A browser that leaves a page does not wait for the rest of its pictures.
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine and give the address of its root."""
    handler = functools.partial(_QuietHandler, directory=str(folder))
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def crawl(root_url: str) -> tuple[dict[str, SitePage], list[str]]:
    """Follow every link within the site from its root; return the pages, and what did not answer."""
    pages: dict[str, SitePage] = {}
    broken: list[str] = []
    waiting = [(root_url, "the crawl")]
    seen = {root_url}
    while waiting:
        url, linked_from = waiting.pop()
        answer = _fetch(url)
        if answer is None:
            broken.append(f"{url} (linked from {linked_from})")
            continue
        if answer[0] != "text/html":
            continue
        page = pages[url] = SitePage(url)
        _Reader(page).feed(answer[1])
        for target in sorted({urldefrag(link).url for link in page.links | page.loaded} - seen):
            if target.startswith(root_url):
                seen.add(target)
                waiting.append((target, url))
    return pages, broken


def missing_anchors(pages: dict[str, SitePage]) -> list[str]:
    """Return the links to places that their pages do not have."""
    missing: list[str] = []
    for page in pages.values():
        for link in sorted(page.links):
            url, anchor = urldefrag(link)
            if url in pages and anchor and unquote(anchor) not in pages[url].anchors:
                missing.append(f"{link} (linked from {page.url})")
    return missing


def _fetch(url: str) -> tuple[str, str] | None:
    try:
        with urllib.request.urlopen(url) as response:  # noqa: S310 - loopback
            kind = response.headers.get_content_type()
            return kind, response.read().decode("utf-8") if kind == "text/html" else ""
    except urllib.error.HTTPError as error:
        error.close()
        return None
