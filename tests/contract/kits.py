"""The two makings of the pattern that one contract holds for: the project's own and the one to copy."""

import importlib
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).parent.parent.parent / "reference_implementation"


@dataclass(frozen=True, slots=True)
class Kit:
    """A provider with its errors, its environment, and the S3 wrapper that takes it."""

    name: str
    provider_class: type[Any]
    environment_class: type[Any]
    errors: Any
    s3: Any

    def __str__(self) -> str:
        return self.name


def project_kit() -> Kit:
    """Give what the program uses."""
    return _kit(
        "project",
        "aws_interactions.aws_client_provider",
        "aws_interactions.aws_environment",
        "aws_interactions.aws_errors",
        "aws_interactions.s3_interactions",
    )


def reference_kit() -> Kit:
    """Give what is there to be copied."""
    # Not through sys.path: the folder has a `tests` of its own.
    for package in ("core", "example_service"):
        if package not in sys.modules:
            _load_package(package)
    return _kit(
        "reference",
        "core.aws_client_provider",
        "core.aws_environment",
        "core.aws_errors",
        "example_service.s3_wrapper",
    )


def _load_package(name: str) -> None:
    folder = REFERENCE / name
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


def _kit(name: str, provider: str, environment: str, errors: str, s3: str) -> Kit:
    return Kit(
        name,
        importlib.import_module(provider).AwsClientProvider,
        importlib.import_module(environment).AwsEnvironment,
        importlib.import_module(errors),
        importlib.import_module(s3),
    )
