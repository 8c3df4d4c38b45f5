"""The sandbox's server process: ``python -m aws_operations.sandbox.server STATE_DIR --port N``.

It takes the server lock, goes into the background (in a session of its own, with its output in the log
file), listens on 127.0.0.1, writes down who it is, replays the journal, makes the samples if there are
none, and then serves. SIGTERM ends it after the request in hand; ``kill -9`` loses nothing that was answered.
"""

import argparse
import gc
import logging
import os
import secrets
import signal
import socket
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws_operations.sandbox.constants import HOST
from aws_operations.sandbox.journal import Journal
from aws_operations.sandbox.sandbox_errors import SandboxError, SandboxUnresponsive
from aws_operations.sandbox.state import SandboxState, ServerRecord

if TYPE_CHECKING:
    from aws_operations.sandbox.application import SandboxApplication

logger = logging.getLogger(__name__)

_SECONDS_TO_FINISH = 3.0


def main(argv: list[str] | None = None) -> int:
    """Start the server in the background and return 0, or print why not and return 1."""
    parser = argparse.ArgumentParser(prog="sandbox-server")
    parser.add_argument("state_dir", type=Path)
    parser.add_argument("--port", type=int, default=0, help="preferred; another free one if it is taken")
    arguments = parser.parse_args(argv)
    state = SandboxState(arguments.state_dir)
    try:
        state.make_directory()
        if state.try_server_lock() is None:
            raise SandboxUnresponsive(state.state_dir, None)
    except SandboxError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if os.fork() == 0:
        _serve_in_background(state, arguments.port)
    return 0


def _serve_in_background(state: SandboxState, port: int) -> None:
    status = 1
    try:
        os.setsid()
        _redirect_output(state.log_path)
        os.chdir("/")
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
        serve(state, port)
        status = 0
    except SandboxError as error:
        logger.error("%s", error)  # noqa: TRY400 - the message says it all
    except Exception:
        logger.exception("the sandbox server failed")
    finally:
        logging.shutdown()
        os._exit(status)


def serve(state: SandboxState, port: int) -> None:
    """Serve until SIGTERM; the caller holds the server lock."""
    listener = _listen(port)
    actual_port: int = listener.getsockname()[1]
    record = ServerRecord(
        token=secrets.token_hex(16),
        pid=os.getpid(),
        port=actual_port,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    state.write_record(record)
    journal = Journal(state.journal_path)
    application = _make_application(journal, record)
    http_server = _make_http_server(listener, application)
    threading.Thread(target=http_server.serve_forever, daemon=True).start()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _prepare(application, journal, actual_port)
    stop.wait()
    application.lock.acquire(timeout=_SECONDS_TO_FINISH)


def _make_application(journal: Journal, record: ServerRecord) -> "SandboxApplication":
    from aws_operations.sandbox import moto_seams

    os.environ.update(moto_seams.ENVIRONMENT)
    from aws_operations.sandbox.application import SandboxApplication

    health = {"token": record.token, "pid": record.pid, "started_at": record.started_at}
    application = SandboxApplication(journal, health)
    application.port = record.port
    return application


def _prepare(application: "SandboxApplication", journal: Journal, port: int) -> None:
    # Moto's EC2 reads megabytes of JSON that stay: collecting while they come finds nothing, slowly.
    gc.disable()
    if journal.is_begun():
        application.replay()
    else:
        from aws_operations.sandbox.samples import make_samples

        journal.discard()  # samples that a kill cut short
        make_samples(application, port)
        application.mark_samples_made()
    gc.collect()
    gc.freeze()
    gc.enable()
    application.is_ready = True


def _make_http_server(listener: socket.socket, application: "SandboxApplication") -> Any:
    from werkzeug.serving import make_server

    from aws_operations.sandbox import moto_seams

    class Handler(moto_seams.request_handler()):  # type: ignore[misc]  # moto's class is loaded at run time
        """Moto's handler, quiet, and without the 40 ms that a small answer waits for its acknowledgement."""

        disable_nagle_algorithm = True

        def log_request(self, *_arguments: object) -> None:
            """Keep the log to what went wrong."""

    return make_server(
        HOST,
        listener.getsockname()[1],
        application,
        threaded=True,
        request_handler=Handler,
        fd=listener.fileno(),
    )


def _listen(preferred_port: int) -> socket.socket:
    for port in (preferred_port, 0):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(128)
        except OSError:
            listener.close()
        else:
            return listener
    raise SandboxError(f"no free port on {HOST}")


def _redirect_output(log_path: Path) -> None:
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(nothing)
    os.close(log)


if __name__ == "__main__":
    sys.exit(main())
