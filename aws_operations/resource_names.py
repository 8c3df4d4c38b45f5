"""What the resource of a change is called, and where its ARN says that it is."""

import re

from aws_operations.changes import Change, Effect

KNOWN_BY_TAG = frozenset({"ec2"})
"""The services whose resources have ids, and names by their tag ``Name`` only."""

_ARN = re.compile(r"arn:[^:]*:([^:]*):([^:]*):([^:]*):(.*)", re.DOTALL)
_ENDS_OF_ALIASES = ("-s3alias", "--ol-s3", "--op-s3")
_SUFFIX_OF_SECRET = re.compile(r"-[A-Za-z0-9?]{6}")


def service_in(resource: str) -> str | None:
    """Return the service that an ARN names, ``None`` of what is no ARN."""
    match = _ARN.fullmatch(resource)
    return match[1] if match else None


def account_in(resource: str) -> str | None:
    """Return the account that an ARN names; ``None`` where it names none, as those of S3."""
    match = _ARN.fullmatch(resource)
    return (match[3] or None) if match else None


def region_in(resource: str) -> str | None:
    """Return the region that an ARN names, ``None`` where it names none."""
    match = _ARN.fullmatch(resource)
    return (match[2] or None) if match else None


def bucket_in(resource: str) -> str | None:
    """Return the bucket that an ARN of S3 is about, be it the bucket's or an object's."""
    match = _ARN.fullmatch(resource)
    return match[4].partition("/")[0] if match and match[1] == "s3" else None


def is_alias(bucket: str) -> bool:
    """Say whether what stands for a bucket is the alias of an access point; S3 keeps such names for these."""
    return bucket.endswith(_ENDS_OF_ALIASES)


def own_name(resource: str) -> str:
    """Return what people call a resource: a bucket, a bucket with a key, an id, a name.

    Of an item of a table it is the table with the item's key; of a secret, its name without AWS's suffix.
    """
    match = _ARN.fullmatch(resource)
    if match is None:
        return resource
    service, name = match[1], match[4]
    if service == "s3":
        return name
    name = _without_type(name)
    return _without_suffix(name) if service == "secretsmanager" else name


def names_of(change: Change) -> tuple[str, ...]:
    """Return everything that the resource of a change is called, for patterns of names, each once.

    Bucket and key, table, id, name, and in EC2 the name that was planned with it (``name`` in what it was or
    becomes).
    """
    resource = change.resource
    match = _ARN.fullmatch(resource)
    # A secret that is yet to be made has no suffix, but may well end like one.
    is_new_secret = change.effect is Effect.CREATE and service_in(resource) == "secretsmanager"
    names = [] if is_new_secret else [own_name(resource)]
    if match is not None:
        names += _more_names(match[1], match[4])
    if match is None or match[1] in KNOWN_BY_TAG:
        states = (change.before or {}, change.after or {})
        names += [state["name"] for state in states if isinstance(state.get("name"), str)]
    return tuple(dict.fromkeys(name for name in names if name))


def _more_names(service: str, name: str) -> list[str]:
    if service == "s3":
        bucket, _, key = name.partition("/")
        return [bucket, key]
    bare = _without_type(name)
    # An item is called by its table, a blank and its key.
    return [bare, bare.partition(" ")[0]]


def _without_type(name: str) -> str:
    """Return ``orders`` of ``table/orders`` or ``db:orders``; the name itself may hold either sign."""
    separator = re.search(r"[/:]", name)
    return name[separator.end() :] if separator else name


def _without_suffix(name: str) -> str:
    return name[:-7] if _SUFFIX_OF_SECRET.fullmatch(name[-7:]) else name
