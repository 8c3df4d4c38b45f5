"""A headless Chromium of the machine, told what to do over its DevTools protocol."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--remote-debugging-port=0",
)
_PATIENCE = 30.0
# Debian's and other systems' names for it.
_NAMES = ("chromium", "chromium-browser", "google-chrome")


class PageFailed(AssertionError):
    """Something that was asked of the browser or of a page did not work."""


class Browser:
    """One page of a running Chromium, and what happened in it."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._last_id = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; events that come meanwhile are kept."""
        self._last_id += 1
        message = {"id": self._last_id, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._connection.send(json.dumps(message))
        while True:
            answer = json.loads(self._connection.recv(timeout=_PATIENCE))
            if answer.get("id") == self._last_id:
                if "error" in answer:
                    raise PageFailed(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def resize(self, width: int, height: int) -> None:
        """Show pages as a screen of this size does; narrow ones as a phone's."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def open(self, url: str) -> None:
        """Load a page, scripts and pictures included; what happened before is forgotten."""
        self.call("Page.navigate", url="about:blank")
        self.wait_for("location.href == 'about:blank'")
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.wait_for(f"location.href == {json.dumps(url)} && document.readyState == 'complete'")

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise PageFailed(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Wait until a JavaScript expression is true in the page."""
        end = time.monotonic() + _PATIENCE
        while not self._is_true(expression):
            if time.monotonic() > end:
                raise PageFailed(f"never true: {expression}")
            time.sleep(0.01)

    def write(self, text: str) -> None:
        """Type a text where the cursor is."""
        self.call("Input.insertText", text=text)

    def errors(self) -> list[str]:
        """Return what the page's console and log complained of since it was opened."""
        return [text for event in self.events if (text := _complaint(event["method"], event["params"]))]

    def requested(self) -> list[str]:
        """Return each address that was asked for since the page was opened."""
        sent = [event for event in self.events if event["method"] == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in sent]

    def _is_true(self, expression: str) -> bool:
        # While a page gives way to the next one there is nothing to ask.
        try:
            return bool(self.evaluate(f"Boolean({expression})"))
        except PageFailed:
            return False


@contextmanager
def running_chromium(folder: Path) -> Iterator[Browser]:
    """Give a browser that keeps its files in this folder and ends with the block."""
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if program is None:
        raise PageFailed("chromium is needed to walk the site; on Debian: apt-get install chromium")
    folder.mkdir(exist_ok=True)
    environment = {"HOME": str(folder), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    command = [program, *_FLAGS, f"--user-data-dir={folder}", "about:blank"]
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            # A browser says no goodbye: what waits for one waits in vain.
            with connect(_address(folder, process), max_size=None, close_timeout=0.1) as connection:
                browser = Browser(connection)
                yield browser
        finally:
            process.terminate()
            process.wait(timeout=_PATIENCE)


def _address(folder: Path, process: "subprocess.Popen[bytes]") -> str:
    file = folder / "DevToolsActivePort"
    end = time.monotonic() + _PATIENCE
    while True:
        lines = file.read_text().splitlines() if file.exists() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        if process.poll() is not None or time.monotonic() > end:
            raise PageFailed(f"chromium did not start: {(folder / 'output').read_text()[-2000:]}")
        time.sleep(0.05)


def _complaint(method: str, parameters: dict[str, Any]) -> str | None:
    if method == "Runtime.exceptionThrown":
        return str(parameters["exceptionDetails"])
    if method == "Runtime.consoleAPICalled" and parameters["type"] in {"error", "assert"}:
        return str(parameters["args"])
    if method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
        return f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}"
    return None
