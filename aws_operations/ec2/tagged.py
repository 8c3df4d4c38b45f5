"""Anything in EC2 that can have tags, found by id, by tag ``Name`` or by ``tag:KEY=VALUE``."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from aws_interactions import ec2_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AwsInteractionError, InvalidInput
from aws_interactions.ec2_arns import type_of_id
from aws_interactions.ec2_interactions import ResourceTag
from aws_operations.changes import Census, Change
from aws_operations.ec2.change_parts import id_of
from aws_operations.ec2.names import (
    INSTANCES,
    NAMES_A_CALL,
    Kind,
    NameIsAmbiguous,
    id_prefix_of,
    nothing_has,
    tag_of,
)
from aws_operations.ec2.places import NETWORK_INTERFACES, SECURITY_GROUPS, SUBNETS, VOLUMES, VPCS

_INSTANCE = "instance"
_KINDS: Mapping[str, Kind[Any]] = {
    kind.id_prefix: kind for kind in (INSTANCES, VPCS, SUBNETS, NETWORK_INTERFACES, VOLUMES, SECURITY_GROUPS)
}


class NothingCountsThese(AwsInteractionError):
    """A thing is of a kind that this library does not list, so that nobody knows how many there are."""

    def __init__(self, resource_id: str) -> None:
        super().__init__(f"how many things like {resource_id} there are is not known", resource=resource_id)


@dataclass(frozen=True, slots=True)
class TaggedResource:
    """Something with all of its tags; ``resource_type`` is ``None`` where only its id is known."""

    resource_id: str
    resource_type: str | None
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TagRow:
    """One tag of one resource; ``type`` is EC2's word for what it is, such as ``vpc``."""

    resource: str
    type: str | None
    name: str
    value: str


def tags(given: Sequence[str], aws_provider: AwsClientProvider) -> Iterator[TagRow]:
    """Yield the tags of the resources that ids, names and tags mean (DescribeTags).

    Raises what ``resolve_resources`` raises.
    """
    for resource in resolve_resources(given, aws_provider):
        for name, value in sorted(resource.tags.items()):
            yield TagRow(resource.resource_id, resource.resource_type, name, value)


def resolve_resources(given: Sequence[str], aws_provider: AwsClientProvider) -> list[TaggedResource]:
    """Return the resources that ids, names and tags mean, each once, in the order given (DescribeTags).

    Raises ``NothingHasTheName`` with all for which there is nothing, ``NothingHasTheTag`` if only tags were
    given and none of them is there, ``NameIsAmbiguous`` for a name that several have, of whatever kind. An
    id without tags, of a kind that this library does not list, is taken on trust; one of a kind that it does
    not know at all is an id only if nothing has it as its name.
    """
    words = list(dict.fromkeys(given))
    tags = {word: tag for word in words if (tag := tag_of(word)) is not None}
    ids = [word for word in words if word not in tags and id_prefix_of(word)]
    names = [word for word in words if word not in tags and word not in ids]
    if not all(names):
        raise InvalidInput("the name of the resource is empty")
    found = {word: [word] for word in ids}
    found.update(_by_tag("Name", names, aws_provider))
    found.update(_names_like_ids(ids, aws_provider))
    ids = [word for word in ids if found[word] == [word]]
    names = [word for word in words if word not in tags and word not in ids]
    for word, (key, value) in tags.items():
        found[word] = _by_tag(key, [value], aws_provider)[value]
    every = _with_tags([name for word in words for name in found[word]], aws_provider)
    absent = [word for word in words if not found[word]] + _absent(ids, every, aws_provider)
    if absent:
        raise nothing_has(absent, words, "resource")
    for name in names:
        if len(found[name]) > 1:
            raise NameIsAmbiguous(name, "resource", found[name])
    return list({name: every[name] for word in words for name in found[word]}.values())


def _names_like_ids(ids: Sequence[str], aws_provider: AwsClientProvider) -> dict[str, list[str]]:
    """Return what has a word for its name that only has the form of an id, such as ``batch-20260115``."""
    doubtful = [word for word in ids if type_of_id(word) is None]
    if not doubtful:
        return {}
    ids_with_tags = {name for name, tags in ec2_interactions.get_tags(doubtful, aws_provider).items() if tags}
    named = _by_tag("Name", [word for word in doubtful if word not in ids_with_tags], aws_provider)
    return {word: found for word, found in named.items() if found}


def _by_tag(key: str, values: Sequence[str], aws_provider: AwsClientProvider) -> dict[str, list[str]]:
    """Return the ids of what has a tag, by its value; dead instances only where nothing else has it."""
    tags: dict[str, list[ResourceTag]] = {value: [] for value in values}
    for start in range(0, len(values), NAMES_A_CALL):
        some = values[start : start + NAMES_A_CALL]
        for tag in ec2_interactions.list_resource_tags(aws_provider, key=key, values=some):
            tags[tag.value].append(tag)
    instances = [
        tag.resource_id for found in tags.values() for tag in found if tag.resource_type == _INSTANCE
    ]
    dead = {
        instance.instance_id
        for instance in ec2_interactions.list_instances(aws_provider, instance_ids=instances)
        if not instance.state.is_live
    }
    return {value: _live(found, dead) for value, found in tags.items()}


def _live(found: Iterable[ResourceTag], dead: set[str]) -> list[str]:
    every = [tag.resource_id for tag in found]
    return [name for name in every if name not in dead] or every


def _with_tags(ids: Sequence[str], aws_provider: AwsClientProvider) -> dict[str, TaggedResource]:
    types: dict[str, str] = {}
    tags: dict[str, dict[str, str]] = {name: {} for name in ids}
    for tag in ec2_interactions.list_resource_tags(aws_provider, resource_ids=ids):
        types[tag.resource_id] = tag.resource_type
        tags[tag.resource_id][tag.key] = tag.value
    return {name: TaggedResource(name, types.get(name) or None, tags[name]) for name in ids}


def _absent(
    ids: Sequence[str], every: Mapping[str, TaggedResource], aws_provider: AwsClientProvider
) -> list[str]:
    """Return the ids of what is not there; only what has no tags can be absent."""
    absent: list[str] = []
    for prefix, kind in _KINDS.items():
        asked = [name for name in ids if not every[name].tags and id_prefix_of(name) == prefix]
        if asked:
            there = {kind.id_of(thing) for thing in kind.find(aws_provider, **{kind.ids_option: asked})}
            absent.extend(name for name in asked if name not in there)
    return absent


def _place(change: Change) -> str:
    return f"ec2 {id_prefix_of(id_of(change))} {change.target}"


def _count(change: Change, aws_provider: AwsClientProvider, at_most: int) -> int:
    kind = _KINDS.get(id_prefix_of(id_of(change)) or "")
    if kind is None:
        raise NothingCountsThese(id_of(change))
    things = (thing for thing in kind.find(aws_provider) if kind.is_live(thing))
    return sum(1 for _ in islice(things, at_most))


CENSUS = Census(_place, _count)
"""How many things of its kind there are in the region; ``NothingCountsThese`` of what is not listed here."""
