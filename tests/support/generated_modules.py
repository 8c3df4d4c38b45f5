"""Modules made from generated source, with the reference implementation's errors to import."""

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

from aws_interactions.testing import FakeClient
from aws_operations.scaffold.service_design import design_service
from aws_operations.scaffold.wrapper_source import wrapper_source

REFERENCE = Path(__file__).parent.parent.parent / "reference_implementation"
_ERRORS = "generated_modules_core_errors"


def core_errors() -> Any:
    """Return the reference's ``core.aws_errors`` under a name of its own, so that it clashes with nothing."""
    if _ERRORS not in sys.modules:
        spec = importlib.util.spec_from_file_location(_ERRORS, REFERENCE / "core" / "aws_errors.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[_ERRORS] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[_ERRORS]


def wrapper_of(service_name: str, operations: Sequence[str], loader: Any = None) -> Any:
    """Return the module of a wrapper with these operations, as an import of it would."""
    design = design_service(service_name, operations, loader)
    core_errors()
    source = wrapper_source(design).replace("from core.aws_errors import", f"from {_ERRORS} import")
    module = ModuleType(f"generated_{design.module_name}")
    # Dataclasses look their module up by name.
    sys.modules[module.__name__] = module
    exec(compile(source, design.module_name, "exec"), vars(module))  # noqa: S102 - what is tested
    return module


def provider_of(service_name: str, client: Any) -> Any:
    """Return a provider whose getter for the service hands out this client."""
    provider = mock.Mock()
    getattr(provider, f"get_{service_name}").return_value = client
    return provider


def fake_client(service_name: str) -> FakeClient:
    """Return a client that checks what it is asked and what it is told to answer against the model."""
    return FakeClient(service_name)
