"""A Dask scheduler and workers on loopback, each a process of its own."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.loopback_proxy import Fault, SeenRequest
from tests.support.sandbox_fixtures import COVERAGE_VARIABLES

ROOT = Path(__file__).resolve().parents[2]

QUIET = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "false",
    "DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE": "false",
    "DASK_DISTRIBUTED__WORKER__MEMORY__SPILL": "false",
    "DASK_DISTRIBUTED__WORKER__MEMORY__TARGET": "false",
    "DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE": "false",
}

HOME, *MEMBERS = ACCOUNTS = ["123456789012", "111122223333", "444455556666"]
KEYS = {"AWS_ACCESS_KEY_ID": "sandbox-home", "AWS_SECRET_ACCESS_KEY": "sandbox-home-secret"}


def slowly(request: SeenRequest) -> Fault | None:
    time.sleep(0.02 if request.service != "sts" else 0.0)
    return None


@dataclass(slots=True)
class WorkerProcess:
    """One worker; ``kill`` ends it as a machine that goes down would."""

    process: "subprocess.Popen[bytes]"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)


class DaskCluster:
    """A scheduler's address, and the means to start more workers."""

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        self._directory = directory
        self._environment = {**environment, **QUIET, "PYTHONPATH": str(ROOT)}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._scheduler_file = directory / "scheduler.json"

    @property
    def address(self) -> str:
        return self.wait_for_address()

    def start_scheduler(self) -> None:
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0")

    def start_worker(self, *, threads: int = 2, **environment: str) -> WorkerProcess:
        process = self._start(
            "worker",
            "--host", "127.0.0.1",
            "--nthreads", str(threads),
            "--no-nanny",
            "--local-directory", str(self._directory),
            **environment,
        )  # fmt: skip
        return WorkerProcess(process)

    def wait_for_address(self, timeout: float = 30.0) -> str:
        deadline = time.monotonic() + timeout
        while True:
            # It is made first and filled afterwards.
            with suppress(FileNotFoundError, json.JSONDecodeError):
                return str(json.loads(self._scheduler_file.read_text())["address"])
            assert time.monotonic() < deadline, "the scheduler did not start"
            time.sleep(0.02)

    def wait_for_workers(self, count: int, timeout: float = 30.0) -> None:
        from distributed import Client

        with Client(self.wait_for_address(timeout), set_as_default=False) as client:
            client.wait_for_workers(count, timeout=timeout)

    @contextmanager
    def tasks(self) -> Iterator[Callable[[], Counter[str]]]:
        """Give what counts the tasks that are anywhere: "not begun", or "begun"."""
        from distributed import Client

        def count() -> Counter[str]:
            on_workers = sum(client.run(states_of_tasks).values(), Counter())
            begun = on_workers["executing"] + on_workers["cancelled"]
            all_tasks = client.run_on_scheduler(states_of_all_tasks).total()
            return +Counter({"begun": begun, "not begun": max(all_tasks, on_workers.total()) - begun})

        with Client(self.address, set_as_default=False) as client:
            yield count

    def _start(self, what: str, *options: str, **environment: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "dask", what, "--scheduler-file", str(self._scheduler_file)]
        with (self._directory / f"{what}-{len(self._processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--no-dashboard", *options],
                cwd=self._directory,
                env={**self._environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        return process

    def stop(self) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGKILL)
        for process in self._processes:
            process.wait(timeout=10)


def states_of_tasks(dask_worker: Any) -> Counter[str]:
    """Return the states of what a worker has; ``cancelled`` is what runs though nobody wants it any more."""
    return Counter(task.state for task in dask_worker.state.tasks.values())


def states_of_all_tasks(dask_scheduler: Any) -> Counter[str]:
    """Return the states of the tasks that somebody wants."""
    return Counter(task.state for task in dask_scheduler.tasks.values())


@contextmanager
def dask_cluster(directory: Path, environment: Mapping[str, str], *, workers: int) -> Iterator[DaskCluster]:
    """Run a scheduler and workers, on ports of their own, for the length of the block."""
    cluster = DaskCluster(directory, {**COVERAGE_VARIABLES, **environment})
    try:
        cluster.start_scheduler()
        for _ in range(workers):
            cluster.start_worker()
        cluster.wait_for_address()
        if workers:
            cluster.wait_for_workers(workers)
        yield cluster
    finally:
        cluster.stop()
