"""Whether what takes something away would go to AWS, or to this machine, and nowhere else."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from aws_interactions.endpoint_hosts import EndpointOwner, owner_of_endpoint, shown_url
from aws_operations.changes import change_kind
from aws_operations.plan_spool import PlanSpool
from aws_operations.tag_questions import UNREADABLE, in_words
from aws_operations.targets import Target

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider


def foreign_endpoints(
    spool: PlanSpool, reader_for: "Callable[[Target], AwsClientProvider]"
) -> Iterator[tuple[Target, int, str]]:
    """Yield each target whose changes go elsewhere, how many there are, and where they go; calls nothing.

    A target of which that cannot be told counts among them.
    """
    kinds_in: dict[tuple[str | None, str], Counter[str]] = {}
    for part in spool.summary():
        if part.effect is not None:
            key = (part.target.aws_account, part.target.aws_region)
            kinds_in.setdefault(key, Counter())[part.kind] += part.count
    for target in spool.targets():
        kinds = kinds_in.get((target.aws_account, target.aws_region), Counter())
        reasons = (_against(kind, target, reader_for) for kind in kinds)
        reason = next((reason for reason in reasons if reason is not None), None)
        if reason is not None:
            yield target, kinds.total(), reason


def _against(kind: str, target: Target, reader_for: "Callable[[Target], AwsClientProvider]") -> str | None:
    try:
        aws_provider = reader_for(target)
        services = [name for name in _services_of(kind) if hasattr(aws_provider, f"get_{name}")]
        reasons = [_against_service(name, aws_provider) for name in services]
    except UNREADABLE as error:
        return f"it cannot be told where calls for {kind} go: {in_words(error)}"
    if not services:
        return f"it cannot be told where calls for {kind} go"
    return next((reason for reason in reasons if reason is not None), None)


def _services_of(kind: str) -> Iterable[str]:
    """Return the services that changes of a kind may call, as AWS's permissions call them."""
    prefixes = (action.partition(":")[0] for action in change_kind(kind).iam_actions)
    return dict.fromkeys([*prefixes, kind.partition(".")[0]])


def _against_service(service: str, aws_provider: "AwsClientProvider") -> str | None:
    url = getattr(aws_provider, f"get_{service}")().meta.endpoint_url
    if not isinstance(url, str):
        return f"it cannot be told where calls of {service} go"
    if owner_of_endpoint(url, service) is EndpointOwner.OTHER:
        return f"calls of {service} go to {shown_url(url)}, which is neither AWS nor this machine"
    return None
