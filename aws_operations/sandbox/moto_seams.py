"""All that the sandbox knows of moto's insides, for exactly the pinned version.

Moto draws identifiers from one random source, but upload ids, session tokens and some names from the
operating system, and takes the time from the machine. Replayed as it stands, a journal would give other
ids and later dates. ``Steering`` puts moto's own modules, and no other, on one seeded source and one
clock that can be held; ``install`` must run again after moto has imported more of itself.
"""

import datetime as dt
import os
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

ENVIRONMENT = {
    "MOTO_S3_ALLOW_CROSSACCOUNT_ACCESS": "false",  # a foreign bucket answers 403, as in AWS
    "MOTO_DISABLE_GLOBAL_CORS": "true",  # no web page may read answers
}
"""What moto must find in the environment when it is imported."""

_held_time: float | None = None


def _now() -> float:
    return time.time() if _held_time is None else _held_time


class _SteeredType(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, dt.datetime)


class _SteeredDatetime(dt.datetime, metaclass=_SteeredType):
    """A ``datetime`` whose present is the held time; what it returns are plain datetimes."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        return dt.datetime.fromtimestamp(_now(), tz)

    @classmethod
    def utcnow(cls) -> Any:
        return dt.datetime.fromtimestamp(_now(), dt.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> Any:
        return dt.datetime.fromtimestamp(_now())  # noqa: DTZ006 - stands in for the naive original


class _Standin(ModuleType):
    """A module seen through a few replaced names."""

    def __init__(self, original: ModuleType, **replaced: object) -> None:
        super().__init__(original.__name__)
        self.__dict__.update(original=original, **replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["original"], name)


class Steering:
    """Moto's clock and random source, held and seeded for one request at a time (under a lock)."""

    def __init__(self) -> None:
        from moto.moto_api._internal import mock_random

        self._random = mock_random
        self._modules_seen = 0
        self._replacements: dict[int, object] = {
            id(dt): _Standin(dt, datetime=_SteeredDatetime),
            id(dt.datetime): _SteeredDatetime,
            id(time): _Standin(time, time=_now),
            id(time.time): _now,
            id(os): _Standin(os, urandom=mock_random.randbytes),
            id(os.urandom): mock_random.randbytes,
            id(uuid): _Standin(uuid, uuid4=mock_random.uuid4),
            id(uuid.uuid4): mock_random.uuid4,
        }

    def install(self) -> None:
        """Steer the modules that moto has imported since the last time; cheap when there are none."""
        if len(sys.modules) == self._modules_seen:
            return
        for name, module in list(sys.modules.items()):
            if name.startswith("moto.") and not name.startswith("moto.moto_server"):
                self._steer(module)
        self._modules_seen = len(sys.modules)

    @contextmanager
    def held(self, at: float, seed: int) -> Iterator[None]:
        """Hold the clock and seed the random source for the body."""
        global _held_time  # noqa: PLW0603 - moto's modules have one clock, so this has one too
        self._random.seed(seed)
        _held_time = at
        try:
            yield
        finally:
            _held_time = None

    def _steer(self, module: ModuleType) -> None:
        names = vars(module)
        for name, value in list(names.items()):
            replacement = self._replacements.get(id(value))
            if replacement is not None:
                names[name] = replacement


def moto_application() -> Any:
    """Return moto's WSGI application, which picks the service; it has ``get_application(environ)``."""
    from moto import backends
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        create_backend_app,
    )

    # Moto lists its own directory for every request, which is half of what a small one costs.
    modules = frozenset(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules
    _mend_secrets()
    return DomainDispatcherApplication(create_backend_app)


def _mend_secrets() -> None:
    """Let a moved AWSCURRENT be current for the next value too; tell absent secrets from absent versions."""
    from moto.secretsmanager.exceptions import SecretHasNoValueException, SecretNotFoundException
    from moto.secretsmanager.models import SecretsManagerBackend

    original = SecretsManagerBackend.update_secret_version_stage
    original_versions = SecretsManagerBackend.list_secret_version_ids
    original_value = SecretsManagerBackend.get_secret_value

    def update_secret_version_stage(
        self: Any, secret_id: str, version_stage: str, remove_from_version_id: str, move_to_version_id: str
    ) -> tuple[str, str]:
        answer: tuple[str, str] = original(
            self, secret_id, version_stage, remove_from_version_id, move_to_version_id
        )
        if version_stage == "AWSCURRENT" and move_to_version_id:
            self.secrets[secret_id].set_default_version_id(move_to_version_id)
        return answer

    def list_secret_version_ids(self: Any, secret_id: str) -> str:
        if secret_id not in self.secrets:
            raise SecretNotFoundException
        versions: str = original_versions(self, secret_id)
        return versions

    def get_secret_value(self: Any, secret_id: str, version_id: str, version_stage: str) -> dict[str, Any]:
        try:
            value: dict[str, Any] = original_value(self, secret_id, version_id, version_stage)
        except SecretNotFoundException:
            if version_stage and secret_id in self.secrets:
                raise SecretHasNoValueException(version_stage) from None
            raise
        return value

    SecretsManagerBackend.get_secret_value = get_secret_value  # type: ignore[method-assign]
    SecretsManagerBackend.list_secret_version_ids = list_secret_version_ids  # type: ignore[method-assign]
    SecretsManagerBackend.update_secret_version_stage = update_secret_version_stage  # type: ignore[method-assign]


def request_handler() -> Any:
    """Return moto's HTTP request handler class, which keeps underscores in metadata names."""
    from moto.moto_server.werkzeug_app import MotoRequestHandler

    return MotoRequestHandler


def account_of(access_key_id: str) -> str:
    """Return the account that moto makes of an access key id; the home account for one that it has not."""
    from moto.iam.models import get_account_id_from

    account: str = get_account_id_from(access_key_id)
    return account


@contextmanager
def chosen_account_id(account_id: str | None) -> Iterator[None]:
    """Have Organizations' CreateAccount give out this id instead of a random one."""
    if account_id is None:
        yield
        return
    from moto.organizations import utils

    original = utils.make_random_account_id
    utils.make_random_account_id = lambda: account_id
    try:
        yield
    finally:
        utils.make_random_account_id = original
