"""What operators call things in EC2 by: an id, a tag ``Name``, or ``tag:KEY=VALUE`` for all that have it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Generic, TypeVar

from aws_interactions import ec2_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AwsInteractionError, InvalidInput, NotFound
from aws_interactions.ec2_interactions import Instance
from aws_operations.outcomes import NothingMatches

Thing = TypeVar("Thing")

TAG_PREFIX = "tag:"
_ID = re.compile(r"([a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*)-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_MOST_SHOWN = 10
NAMES_A_CALL = 200


class NameIsAmbiguous(AwsInteractionError):
    """Several things have the name that was to mean one; ``ids`` are theirs.

    ``is_tag``: each has it as its tag ``Name``, so that this tag means them all.
    """

    def __init__(self, name: str, what: str, ids: Sequence[str], *, is_tag: bool = True) -> None:
        shown = ", ".join(ids[:_MOST_SHOWN]) + (", ..." if len(ids) > _MOST_SHOWN else "")
        for_all = f", or tag:Name={name} for all" if is_tag else ""
        super().__init__(
            f"an id is needed{for_all}: {len(ids)} {what}s have the name {name} ({shown})",
            resource=name,
        )
        self.name = name
        self.ids = tuple(ids)


class NothingHasTheName(NotFound):
    """Nothing of the kind has these ids, names or tags; ``given`` are all that nothing was found for."""

    def __init__(self, given: Sequence[str], what: str) -> None:
        super().__init__(f"there is no {what} {' or '.join(given)}", resource=given[0])
        self.given = tuple(given)


class NothingHasTheTag(NothingHasTheName, NothingMatches):
    """Nothing of the kind has any of these tags, and nothing else was asked for."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[Thing]):
    """A kind of thing that has ids and tags.

    ``find`` yields those with an id out of the option named ``ids_option``, or with ``tags``. ``own_name``:
    an option for a name that the things have besides their tag, and the attribute that holds it.
    ``is_live``: what is not live answers to a name or tag only where nothing live does.
    """

    what: str
    id_prefix: str
    find: Callable[..., Iterable[Thing]]
    ids_option: str
    id_of: Callable[[Thing], str]
    own_name: tuple[str, str] | None = None
    is_live: Callable[[Thing], bool] = lambda _: True


INSTANCES: Kind[Instance] = Kind(
    "instance",
    "i",
    ec2_interactions.list_instances,
    "instance_ids",
    attrgetter("instance_id"),
    is_live=attrgetter("state.is_live"),
)

_WHAT_BY_ID_PREFIX = {
    "i": "an instance",
    "vpc": "a VPC",
    "subnet": "a subnet",
    "eni": "a network interface",
    "vol": "a volume",
    "sg": "a security group",
    "snap": "a snapshot",
    "ami": "an image",
}


def id_prefix_of(given: str) -> str | None:
    """Return ``i`` of ``i-0123456789abcdef0`` and the like, ``None`` of what has not the form of an id.

    A name such as ``batch-20260115`` has that form too.
    """
    match = _ID.fullmatch(given)
    return match[1] if match else None


def tag_of(given: str) -> tuple[str, str] | None:
    """Return key and value of ``tag:KEY=VALUE``, ``None`` where it is something else."""
    if not given.startswith(TAG_PREFIX):
        return None
    key, separator, value = given.removeprefix(TAG_PREFIX).partition("=")
    if not key or not separator:
        raise InvalidInput(f"{given} is not tag:KEY=VALUE")
    return key, value


def resolve(kind: Kind[Thing], given: Sequence[str], aws_provider: AwsClientProvider) -> list[Thing]:
    """Return the things that ids, names and tags mean, each once, in the order given.

    Raises ``NothingHasTheName`` with all for which there is nothing, ``NothingHasTheTag`` if only tags were
    given and none of them is there, ``NameIsAmbiguous`` for a name that several have, ``InvalidInput`` for
    the id of something else.
    """
    words = list(dict.fromkeys(given))
    ids = [word for word in words if _is_id(word, kind)]
    tags = {word: tag for word in words if (tag := tag_of(word)) is not None}
    names = [word for word in words if word not in tags and word not in ids]
    found: dict[str, list[Thing]] = {}
    if ids:
        found.update(
            {kind.id_of(thing): [thing] for thing in kind.find(aws_provider, **{kind.ids_option: ids})}
        )
    found.update(_by_name(kind, names, aws_provider))
    for word, (key, value) in tags.items():
        found[word] = _live(kind, kind.find(aws_provider, tags={key: value}))
    absent = [word for word in words if not found.get(word)]
    if absent:
        raise nothing_has(absent, words, kind.what)
    for name in names:
        if len(found[name]) > 1:
            is_tag = all(_tags_of(thing).get("Name") == name for thing in found[name])
            every = [kind.id_of(thing) for thing in found[name]]
            raise NameIsAmbiguous(name, kind.what, every, is_tag=is_tag)
    return list({kind.id_of(thing): thing for word in words for thing in found[word]}.values())


def nothing_has(absent: Sequence[str], words: Sequence[str], what: str) -> NothingHasTheName:
    """Return the error for those out of some words for which there is nothing."""
    only_tags = len(absent) == len(words) and all(word.startswith(TAG_PREFIX) for word in words)
    return (NothingHasTheTag if only_tags else NothingHasTheName)(absent, what)


def _is_id(word: str, kind: Kind[Any]) -> bool:
    prefix = id_prefix_of(word)
    if prefix not in {None, kind.id_prefix} and prefix in _WHAT_BY_ID_PREFIX:
        wanted = _WHAT_BY_ID_PREFIX[kind.id_prefix]
        raise InvalidInput(f"{word} is the id of {_WHAT_BY_ID_PREFIX[prefix]}, not of {wanted}")
    return prefix == kind.id_prefix


def _by_name(
    kind: Kind[Thing], names: Sequence[str], aws_provider: AwsClientProvider
) -> Mapping[str, list[Thing]]:
    if not all(names):
        raise InvalidInput(f"the name of the {kind.what} is empty")
    found: dict[str, dict[str, Thing]] = {name: {} for name in names}
    for start in range(0, len(names), NAMES_A_CALL):
        some = names[start : start + NAMES_A_CALL]
        for thing in kind.find(aws_provider, tags={"Name": some}):
            name = _tags_of(thing)["Name"]
            found[name][kind.id_of(thing)] = thing
        if kind.own_name is not None:
            option, attribute = kind.own_name
            for thing in kind.find(aws_provider, **{option: some}):
                found[getattr(thing, attribute)][kind.id_of(thing)] = thing
    return {name: _live(kind, things.values()) for name, things in found.items()}


def _tags_of(thing: Any) -> Mapping[str, str]:
    tags: Mapping[str, str] = thing.tags
    return tags


def _live(kind: Kind[Thing], things: Iterable[Thing]) -> list[Thing]:
    every = list(things)
    return [thing for thing in every if kind.is_live(thing)] or every
