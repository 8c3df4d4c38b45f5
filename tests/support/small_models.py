"""Models of services that there are not, for shapes that AWS has in too few places or not at all."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.loaders import Loader

TEXT = {"type": "string"}


def loader_of(
    folder: Path,
    shapes: Mapping[str, Any],
    *,
    operations: Mapping[str, Mapping[str, Any]] | None = None,
    pagination: Mapping[str, Any] | None = None,
) -> Loader:
    """Return a loader that knows one service, ``tiny``; without operations it has DoIt(Input) -> Output."""
    found = operations or {"DoIt": {"input": {"shape": "Input"}, "output": {"shape": "Output"}}}
    model = {
        "metadata": {
            "apiVersion": "2026-01-01",
            "endpointPrefix": "tiny",
            "jsonVersion": "1.1",
            "protocol": "json",
            "protocols": ["json"],
            "serviceFullName": "Tiny Service",
            "serviceId": "Tiny",
            "signatureVersion": "v4",
            "targetPrefix": "Tiny",
        },
        "operations": {
            name: {"name": name, "http": {"method": "POST", "requestUri": "/"}, **found[name]}
            for name in found
        },
        "shapes": {
            "Text": TEXT,
            "Input": {"type": "structure", "members": {}},
            "Output": {"type": "structure", "members": {}},
            **shapes,
        },
    }
    place = folder / "tiny" / "2026-01-01"
    place.mkdir(parents=True)
    (place / "service-2.json").write_text(json.dumps(model))
    (place / "paginators-1.json").write_text(json.dumps({"pagination": pagination or {}}))
    return Loader(extra_search_paths=[str(folder)], include_default_search_paths=False)


def structure(required: tuple[str, ...] = (), **members: Any) -> dict[str, Any]:
    """Return a structure; a member is the name of its shape, or a whole reference."""
    return {
        "type": "structure",
        "required": list(required),
        "members": {
            name: {"shape": member} if isinstance(member, str) else member for name, member in members.items()
        },
    }
