"""Start-up cuts: a botocore session that reads less of botocore's data for the same clients.

All of it may be deleted: ``bound_clients`` and ``base_credentials`` then import ``Session`` from
``botocore.session``. Each cut was measured as the CPU of whole processes that make two sessions and
one S3 client, medians of many; as shares of what these cost without any of them (about 70 ms where
``python -c pass`` takes 20; half of it is left):

- the 400 service folders are not listed to see whether the one asked for is there: 0.20
- of the legacy endpoint table, 1.2 MB of JSON, only the services asked for are parsed: 0.10 with the
  garbage collector at rest, much more while it walks what was parsed
- botocore's own 135 event handlers are looked at and registered once, and copied for the second
  session: 0.06

These were measured later, as shares of the instructions of one ``s3 status`` (a billion without them):

- built-in data is read as plain dicts, which botocore asks for as ordered ones: 0.03
- models are kept on disk without their documentation, if there is a folder for them: 0.045
- only event names that hold an alias are searched for which one: 0.02
- botocore's own handlers are registered without a look at their signatures: 0.015

What meddles with imports is in ``lean_imports``, and for the program alone.
"""

import copy
import functools
import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from botocore import __version__
from botocore.exceptions import DataNotFoundError
from botocore.hooks import EventAliaser, HierarchicalEmitter
from botocore.loaders import JSONFileLoader, Loader, create_loader, instance_cache
from botocore.regions import EndpointResolver
from botocore.session import Session

from aws_interactions.model_cache import ModelCache

_SERVICES_START: Final = '\n    "services" : '
_SERVICES_END: Final = "\n    }"
_ENDPOINTS_FILE: Final = "endpoints.json"
_BUILTIN_DATA_START: Final = os.path.join(Loader.BUILTIN_DATA_PATH, "")  # noqa: PTH118 - a data name
_MODEL_TYPE: Final = f"{os.sep}service-2"


class LeanSession(Session):
    """A botocore session whose clients are the same and sooner there."""

    def __init__(self, profile: str | None = None, *, model_cache_dir: Path | None = None) -> None:
        self._model_cache_dir = model_cache_dir
        super().__init__(
            event_hooks=copy.copy(_with_builtin_handlers()), include_builtin_handlers=False, profile=profile
        )

    # Botocore's type stubs leave its private parts out, hence the untyped names for them.
    _components: Any
    _internal_components: Any
    _original_handler: Any

    def _register_event_emitter(self) -> None:
        # Clients take copies of it, of the same class.
        self._events = LeanAliaser(self._original_handler)
        self._components.register_component("event_emitter", self._events)

    def _register_data_loader(self) -> None:
        self._components.lazy_register_component("data_loader", self._make_loader)

    def _register_endpoint_resolver(self) -> None:
        self._internal_components.lazy_register_component("endpoint_resolver", self._make_endpoint_resolver)

    def _make_loader(self) -> "LeanLoader":
        stock = create_loader(self.get_config_variable("data_path"))
        return LeanLoader(
            extra_search_paths=stock.search_paths,
            file_loader=LeanFileLoader(self._model_cache_dir),
            include_default_search_paths=False,
        )

    def _make_endpoint_resolver(self) -> EndpointResolver:
        loader: Loader = self.get_component("data_loader")
        lean = _read_lean_endpoints(loader)
        if lean is not None:
            return EndpointResolver(lean, uses_builtin_data=True)
        endpoints, path = loader.load_data_with_path("endpoints")
        return EndpointResolver(endpoints, uses_builtin_data=loader.is_builtin_path(path))


@functools.cache
def _with_builtin_handlers() -> HierarchicalEmitter:
    trusting = _TrustingEmitter()
    _BuiltinHandlers(event_hooks=trusting)
    emitter = HierarchicalEmitter()
    emitter.__dict__.update(trusting.__dict__)
    return emitter


class _TrustingEmitter(HierarchicalEmitter):
    """Takes botocore's own handlers without a look at their signatures."""

    def _verify_accept_kwargs(self, func: object) -> None:
        pass


class _BuiltinHandlers(Session):
    """A session that is made for its handlers alone."""

    def _register_builtin_handlers(self, events: Any) -> None:
        self._events = LeanAliaser(events._emitter)
        register: Any = super()
        register._register_builtin_handlers(self._events)


class LeanAliaser(EventAliaser):
    """botocore's aliases of event names, asked only of the few names that hold one."""

    _event_aliases: Any

    def _alias_event_name(self, event_name: str) -> str:
        # What botocore looks for, whole parts of the name, is always a piece of its text too.
        for alias in self._event_aliases:
            if alias in event_name:
                aliases: Any = super()
                aliased: str = aliases._alias_event_name(event_name)
                return aliased
        return event_name


class LeanFileLoader(JSONFileLoader):
    """Reads botocore's own data as plain dicts, and models without their documentation if it may keep those.

    ``model_cache_dir`` is a folder of its own; ``None`` keeps nothing. What users add to the data path
    is read as botocore reads it.
    """

    def __init__(self, model_cache_dir: Path | None = None) -> None:
        super().__init__()
        self._models = (
            ModelCache(model_cache_dir, botocore_version=__version__) if model_cache_dir is not None else None
        )

    def load_file(self, file_path: str) -> Any:
        """Return the data of a file named without its ending, or ``None`` if there is none."""
        if not file_path.startswith(_BUILTIN_DATA_START):
            return super().load_file(file_path)
        for source, open_source in ((f"{file_path}.json", open), (f"{file_path}.json.gz", gzip.open)):
            if os.path.isfile(source):  # noqa: PTH113 - a data name
                read = functools.partial(_read_json, source, open_source)
                if self._models is not None and file_path.endswith(_MODEL_TYPE):
                    return self._models.model(Path(source), read)
                return read()
        return None


def _read_json(path: str, open_file: Callable[..., Any]) -> Any:
    with open_file(path, "rb") as file:
        return json.loads(file.read())


class LeanLoader(Loader):
    """botocore's loader, which finds one service's model without listing all services first."""

    _find_extras: Any
    _extras_processor: Any

    @instance_cache
    def load_service_model(
        self, service_name: str, type_name: str, api_version: str | None = None
    ) -> dict[str, Any]:
        """Return the model as botocore's loader does, and leave it to that to complain of unknown ones."""
        try:
            versions = self.list_api_versions(service_name, type_name)
        except DataNotFoundError:
            unknown: dict[str, Any] = super().load_service_model(service_name, type_name, api_version)
            return unknown
        version = max(versions) if api_version is None else api_version
        model: dict[str, Any] = self.load_data(os.path.join(service_name, version, type_name))  # noqa: PTH118 - a data name
        extras = self._find_extras(service_name, type_name, version)
        self._extras_processor.process(model, extras)
        return model


class LazyServices(dict[str, Any]):
    """The services of one partition of the endpoint table, each parsed when it is asked for."""

    def __init__(self, text: str, start: int, end: int) -> None:
        super().__init__()
        self._text = text
        self._start = start
        self._end = end

    def __contains__(self, service_name: object) -> bool:
        return isinstance(service_name, str) and self._find(service_name)

    def __getitem__(self, service_name: str) -> Any:
        if not self._find(service_name):
            raise KeyError(service_name)
        return super().__getitem__(service_name)

    def get(self, service_name: str, default: Any = None) -> Any:
        """Return what the table says of a service, or ``default``."""
        return super().__getitem__(service_name) if self._find(service_name) else default

    def _find(self, service_name: str) -> bool:
        if super().__contains__(service_name):
            return True
        key = f'\n      "{service_name}" : '
        position = self._text.find(key, self._start, self._end)
        if position < 0:
            return False
        entry, _ = json.JSONDecoder().raw_decode(self._text, position + len(key))
        self[service_name] = entry
        return True


def lazy_endpoints(text: str) -> dict[str, Any] | None:
    """Return botocore's endpoint table with its services unparsed; ``None`` if it is laid out otherwise."""
    pieces: list[str] = []
    blocks: list[tuple[int, int]] = []
    done = 0
    while (start := text.find(_SERVICES_START, done)) >= 0:
        body = start + len(_SERVICES_START)
        end = text.find(_SERVICES_END, body)
        if end < 0:
            return None
        pieces += (text[done:body], "null")
        done = end + len(_SERVICES_END)
        blocks.append((body, end))
    try:
        table: dict[str, Any] = json.loads("".join([*pieces, text[done:]]))
    except ValueError:
        return None
    partitions = table.get("partitions", [])
    if len(partitions) != len(blocks) or any(p.get("services", 0) is not None for p in partitions):
        return None
    for partition, (start, end) in zip(partitions, blocks, strict=True):
        partition["services"] = LazyServices(text, start, end)
    return table


def _read_lean_endpoints(loader: Loader) -> dict[str, Any] | None:
    for folder in loader.search_paths:
        path = Path(folder) / _ENDPOINTS_FILE
        if not path.exists() and not path.with_suffix(".json.gz").exists():
            continue
        # A table of the user's own is read as botocore reads it.
        if not loader.is_builtin_path(str(path)) or not path.exists():
            return None
        return lazy_endpoints(path.read_text(encoding="utf-8"))
    return None
