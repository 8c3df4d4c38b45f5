"""The connection to a Dask scheduler: a thread with Dask's client, and calls that wait for one task each.

Dask decides where a read runs, and runs it again when its worker dies: also one that had ended, if its
answer had not been fetched yet. Whoever waits here gets the first answer; another has nobody to take it.

A write is tied to one worker, so that Dask can't run it again: when that worker dies, it is sent to
another one from here, after a pause in which a request that was on its way arrives.
"""

import asyncio
import ipaddress
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from importlib import import_module
from itertools import count
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from aws_operations.cluster.cluster_errors import ClusterLost, ClusterUnusable, WorkerFailed
from aws_operations.run_control import RunControl, RunStopped

_LOOK_SECONDS = 0.2
_WATCH_SECONDS = 1.0
_ALONE_SECONDS = 30.0
_ASK_SECONDS = 30.0
_SETTLE_SECONDS = 1.0
_MOST_ATTEMPTS = 4

_ON_LOOPBACK = "tcp:// is neither secret nor safe from others, and goes for loopback only: use tls://"


class ClusterConnection:
    """A scheduler and its workers; calls may come from many threads. Use as a context manager.

    Raises ``ClusterUnusable`` when there is no such scheduler, when no worker comes within ``timeout``
    seconds, and for ``tcp://`` beyond loopback. ``tls://`` takes its certificates from Dask's own
    configuration.
    """

    def __init__(self, scheduler: str, *, timeout: float = 10.0) -> None:
        check_address(scheduler)
        self.scheduler = scheduler
        self.run_id = uuid4().hex[:12]
        self._timeout = timeout
        self._numbers = count()
        self._threads_by_worker: Mapping[str, int] = {}
        self._lost: str | None = None
        self._gone_by_worker: dict[str, asyncio.Event] = {}
        self._writes_by_worker: Counter[str] = Counter()
        self._running: set[asyncio.Task[Any]] = set()
        self._ready: Future[None] = Future()
        self._client: Any = None

    def __enter__(self) -> "ClusterConnection":
        thread = threading.Thread(target=self._run, name="cluster", daemon=True)
        thread.start()
        self._thread = thread
        try:
            self._ready.result()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    @property
    def workers(self) -> int:
        """How many worker processes there are by now."""
        return len(self._threads_by_worker)

    @property
    def threads(self) -> int:
        """How many tasks the workers run at a time by now."""
        return sum(self._threads_by_worker.values())

    @property
    def lost(self) -> str | None:
        """Why there is no use in sending tasks any more, ``None`` while there is."""
        return self._lost

    def ask_all(self, function: Callable[..., str], *arguments: object) -> Mapping[str, str | Exception]:
        """Return what each worker answers to a call outside of all tasks, or the error that it met."""
        answers: Mapping[str, str | Exception] = self._wait(self._ask_all(function, arguments))
        return answers

    def read(self, function: Callable[[Any], Any], argument: object, control: RunControl) -> Any:
        """Run a function on some worker, more than once if workers die, and return what it returns.

        When ``control`` is stopped, it is taken back, and ``RunStopped`` raised. Raises ``ClusterLost`` or
        ``WorkerFailed``.
        """
        work = self._run_anywhere(self._next_key(), function, argument)
        return self._result_of(work, control, lambda: False)

    def write(self, function: Callable[[Any], Any], argument: object, control: RunControl) -> Any:
        """Run a function on one worker, and again on another only after that one died.

        When ``control`` is stopped, it is taken back unless a worker is at it: then it is waited for.
        Raises what ``read`` raises.
        """
        keys: list[str] = []
        work = self._run_on_one_worker(keys, function, argument)
        return self._result_of(work, control, lambda: bool(keys) and self._is_begun(keys[-1]))

    def _next_key(self) -> str:
        return f"manage-resources-{self.run_id}-{next(self._numbers)}"

    def _result_of(
        self, work: Coroutine[Any, Any, Any], control: RunControl, is_begun: Callable[[], bool]
    ) -> Any:
        handle = asyncio.run_coroutine_threadsafe(self._counted(work), self._loop)
        is_waited_for = was_idle = False
        while True:
            try:
                return handle.result(timeout=_LOOK_SECONDS)
            except TimeoutError:
                if control.is_stopped and not is_waited_for:
                    is_waited_for = is_begun()
                    if not is_waited_for and was_idle:
                        handle.cancel()
                        raise RunStopped(control.reason or "") from None
                    # Nobody is at what has just ended, either: its answer may be on its way.
                    was_idle = True
            except BaseException:
                handle.cancel()
                raise

    def _is_begun(self, key: str) -> bool:
        try:
            return bool(self._wait(self._call_stack(key), timeout=2.0))
        except Exception:  # noqa: BLE001 - what nobody can tell may have begun
            return True

    def _wait(self, coroutine: Any, timeout: float = _ASK_SECONDS) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=timeout)

    def _end(self) -> None:
        with suppress(RuntimeError, AttributeError):  # the loop may have ended, or not begun
            self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        try:
            asyncio.run(self._hold())
        except BaseException as error:  # noqa: BLE001 - handed on to whoever waits
            if not self._ready.done():
                self._ready.set_exception(error)

    async def _hold(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        self._is_peopled = asyncio.Event()
        client = await self._connected()
        self._client = client
        try:
            await self._first_workers()
            self._ready.set_result(None)
            watch = asyncio.create_task(self._watch())
            await self._closing.wait()
            watch.cancel()
            for task in list(self._running):
                task.cancel()
            await asyncio.gather(watch, *self._running, return_exceptions=True)
        finally:
            with suppress(Exception):
                # Of a scheduler that is gone there is nothing to take leave of.
                await asyncio.wait_for(client.close(), timeout=0.1 if self._lost else 3.0)

    async def _connected(self) -> Any:
        try:
            make_client = import_module("distributed").Client
        except ImportError as error:
            raise ClusterUnusable(
                "a cluster needs Dask: in a checkout, pip install '.[cluster]', on the workers too"
            ) from error
        try:
            await self._knock()
            return await make_client(
                self.scheduler,
                asynchronous=True,
                set_as_default=False,
                timeout=self._timeout,
                name="operator",
            )
        except (OSError, TimeoutError, TypeError, ValueError, RuntimeError) as error:
            raise ClusterUnusable(f"no scheduler at {self.scheduler}: {error}") from error

    async def _knock(self) -> None:
        """Raise ``OSError`` at once where nobody listens: Dask would try for all of its time-out."""
        parts = urlsplit(self.scheduler)
        _, writer = await asyncio.wait_for(
            asyncio.open_connection(parts.hostname, parts.port), timeout=self._timeout
        )
        writer.close()
        await writer.wait_closed()

    async def _first_workers(self) -> None:
        deadline = self._loop.time() + self._timeout
        while True:
            await self._look_at_workers()
            if self._threads_by_worker:
                return
            if self._loop.time() >= deadline:
                raise ClusterUnusable(f"the scheduler at {self.scheduler} has no workers")
            await asyncio.sleep(_LOOK_SECONDS)

    async def _look_at_workers(self) -> None:
        identity: Any = await asyncio.wait_for(self._client.scheduler.identity(n_workers=-1), _ASK_SECONDS)
        self._threads_by_worker = {
            address: worker["nthreads"] for address, worker in identity["workers"].items()
        }
        check_members([identity["address"], *self._threads_by_worker])
        if self._threads_by_worker:
            self._is_peopled.set()
        else:
            self._is_peopled.clear()
        for address in [gone for gone in self._gone_by_worker if gone not in self._threads_by_worker]:
            self._gone_by_worker.pop(address).set()

    async def _watch(self) -> None:
        """Notice workers that come and go, and the end of the last one."""
        seen_at = self._loop.time()
        while self._lost is None:
            await asyncio.sleep(_WATCH_SECONDS)
            try:
                await self._look_at_workers()
            except ClusterUnusable as error:
                self._lose(str(error))
            except Exception as error:  # noqa: BLE001 - whatever it was, nobody answers
                self._lose(f"the scheduler at {self.scheduler} went away: {error}")
            now = self._loop.time()
            seen_at = now if self._threads_by_worker else seen_at
            if now - seen_at > _ALONE_SECONDS:
                self._lose(f"the last worker of {self.scheduler} went away")

    def _lose(self, why: str) -> None:
        self._lost = self._lost or why
        for task in list(self._running):
            task.cancel()

    async def _counted(self, work: Coroutine[Any, Any, Any]) -> Any:
        task: Any = asyncio.current_task()
        self._running.add(task)
        try:
            if self._lost is not None:
                work.close()
                raise ClusterLost(self._lost)
            return await work
        except asyncio.CancelledError:
            if self._lost is None:
                raise
            raise ClusterLost(self._lost) from None
        finally:
            self._running.discard(task)

    async def _run_anywhere(self, key: str, function: Callable[[Any], Any], argument: object) -> Any:
        future = self._client.submit(function, argument, key=key, retries=0)
        try:
            return await self._answer_of(future)
        finally:
            future.release()

    async def _run_on_one_worker(
        self, keys: list[str], function: Callable[[Any], Any], argument: object
    ) -> Any:
        for _ in range(_MOST_ATTEMPTS):
            address = await self._least_busy()
            gone = self._gone_by_worker.setdefault(address, asyncio.Event())
            keys.append(self._next_key())
            self._writes_by_worker[address] += 1
            future = self._client.submit(function, argument, key=keys[-1], retries=0, workers=[address])
            answer = asyncio.ensure_future(self._answer_of(future))
            death = asyncio.ensure_future(gone.wait())
            try:
                await asyncio.wait({answer, death}, return_when=asyncio.FIRST_COMPLETED)
                if answer.done():
                    return answer.result()
            finally:
                answer.cancel()
                death.cancel()
                self._writes_by_worker[address] -= 1
                future.release()
            await asyncio.sleep(_SETTLE_SECONDS)
        raise WorkerFailed(f"{_MOST_ATTEMPTS} workers died while they were at it")

    async def _least_busy(self) -> str:
        await self._is_peopled.wait()
        threads = self._threads_by_worker
        return min(threads, key=lambda address: self._writes_by_worker[address] / threads[address])

    async def _answer_of(self, future: Any) -> Any:
        from distributed.scheduler import KilledWorker

        try:
            return await future
        except CancelledError as error:
            # Dask's own: the scheduler, or the connection to it, is not what it was.
            self._lose(f"the scheduler at {self.scheduler} went away")
            raise ClusterLost(str(self._lost)) from error
        except KilledWorker as error:
            message = f"{error.allowed_failures + 1} workers died while they were at it"
            raise WorkerFailed(message) from None
        except Exception as error:  # noqa: BLE001 - of whatever kind, the answer is that there is none
            raise WorkerFailed(f"a worker could not do its task: {type(error).__name__}: {error}") from None

    async def _ask_all(self, function: Callable[..., str], arguments: Iterable[object]) -> Any:
        return await self._client.run(function, *arguments, on_error="return")

    async def _call_stack(self, key: str) -> Any:
        return await self._client.scheduler.call_stack(keys=[key])


def check_address(scheduler: str) -> None:
    """Refuse, with ``ClusterUnusable``, an address that is not tls://, or tcp:// on loopback."""
    scheme, host = _parts(scheduler)
    if scheme not in {"tcp", "tls"} or not host:
        raise ClusterUnusable(
            f"{scheduler}: a scheduler's address is tcp://127.0.0.1:PORT or tls://HOST:PORT"
        )
    if scheme == "tcp" and not _is_loopback(host):
        raise ClusterUnusable(f"{scheduler}: {_ON_LOOPBACK}")


def check_members(addresses: Iterable[str]) -> None:
    """Refuse a scheduler or workers that others on the network can reach without TLS."""
    for address in addresses:
        scheme, host = _parts(address)
        if scheme != "tls" and not _is_loopback(host):
            raise ClusterUnusable(f"{address} is part of the cluster: {_ON_LOOPBACK}")


def _parts(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    return parts.scheme, parts.hostname or ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
