"""Every service that botocore knows: wrappers of a sample of its operations are valid Python."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from aws_operations.scaffold.service_design import design_service
from aws_operations.scaffold.wrapper_source import wrapper_source


def fresh_loader() -> Loader:
    """Return a loader: each keeps all that it has read, and all services together are a gigabyte."""
    return Loader(include_default_search_paths=True)


SERVICES = fresh_loader().list_available_services("service-2")
PAGED = frozenset(fresh_loader().list_available_services("paginators-1"))
CHUNKS = 20


def weight(shape: Any, seen: frozenset[str] = frozenset()) -> int:
    """Return roughly how much there is in a shape; what is far down or comes again counts little."""
    if shape is None or shape.name in seen or len(seen) > 3:
        return 1
    if shape.type_name == "structure":
        return 1 + sum(weight(member, seen | {shape.name}) for member in shape.members.values())
    if shape.type_name in {"list", "map"}:
        return 2 + weight(shape.member if shape.type_name == "list" else shape.value, seen | {shape.name})
    return 1


def sample(service: str, loader: Loader) -> list[str]:
    """Return the heaviest answer, the heaviest request, a paged operation and one more."""
    model = ServiceModel(loader.load_service_model(service, "service-2"), service)
    known: list[OperationModel] = [model.operation_model(name) for name in sorted(model.operation_names)]
    # A part of the largest services is enough to find what is heavy there.
    known = [each for each in known if not (each.has_event_stream_input or each.has_event_stream_output)]
    some = known[:: max(1, len(known) // 40)]
    chosen = [
        max(some, key=lambda each: weight(each.output_shape)).name,
        max(some, key=lambda each: weight(each.input_shape)).name,
        known[len(known) // 2].name,
    ]
    return list(dict.fromkeys([*chosen, *first_paged(service, {each.name for each in known}, loader)]))


def first_paged(service: str, known: set[str], loader: Loader) -> Iterator[str]:
    if service in PAGED:
        pages = loader.load_service_model(service, "paginators-1")["pagination"]
        yield from sorted(known & set(pages))[:1]


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_WHEN_wrappers_of_any_service_are_written_THEN_they_are_valid_python(chunk: int) -> None:
    loader = fresh_loader()
    for service in SERVICES[chunk::CHUNKS]:
        operations = sample(service, loader)
        design = design_service(service, operations, loader)
        source = wrapper_source(design)
        compile(source, design.module_name, "exec")
        assert [each.api_name for each in design.operations] == operations
        assert len({each.function_name for each in design.operations}) == len(operations)


def test_WHEN_services_are_walked_THEN_there_are_hundreds() -> None:
    assert len(SERVICES) > 400
