"""Whose an endpoint is: AWS's, this machine's, or somebody else's."""

import re
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from aws_interactions.known_regions import aws_domains

# What may stand between the name of a service and AWS's own domain: dual stack, a region, a VPC endpoint.
_PLACE = r"(\.dualstack)?(\.[a-z]{2,5}(-[a-z]+){1,3}(-[0-9]{1,2})?)?(\.vpce)?"
# With one of these in it, two readers of a URL may find two hosts.
_AMBIGUOUS = re.compile(r"[\\@\x00-\x20]")
_HOSTS_BY_SERVICE = {
    # S3 has buckets before its name, and names from before regions were labels of their own, such as
    # s3-eu-west-1; but what websites and Object Lambdas answer is their owners' own.
    "s3": r"([a-z0-9.-]+\.)?s3(?!-website|-object-lambda)(-[a-z0-9-]+)?",
}


class EndpointOwner(StrEnum):
    """Whose machine answers at an endpoint."""

    AWS = "AWS"
    LOOPBACK = "this machine"
    OTHER = "neither AWS nor this machine"


def owner_of_endpoint(url: str, service_name: str) -> EndpointOwner:
    """Say whose an endpoint of a service is, from its host alone; nothing is looked up.

    AWS's are the service's own hosts under the domains of its partitions, VPC endpoints included. Hosts that
    AWS rents out under the same domains (instances, databases, load balancers, API gateways, websites) are
    not AWS's.
    """
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return EndpointOwner.OTHER
    if _AMBIGUOUS.search(url):
        return EndpointOwner.OTHER
    if is_loopback(host):
        return EndpointOwner.LOOPBACK
    suffix = next((suffix for suffix in aws_domains() if host.endswith(f".{suffix}")), None)
    if suffix is None:
        return EndpointOwner.OTHER
    # Before the names of others there are VPC endpoints; or databases, which are customers' own.
    of_other = rf"(vpce-[a-z0-9-]+\.)?{re.escape(service_name)}(-fips)?"
    service = _HOSTS_BY_SERVICE.get(service_name, of_other)
    labels = host.removesuffix(f".{suffix}")
    is_aws = re.fullmatch(f"{service}{_PLACE}", labels) is not None
    return EndpointOwner.AWS if is_aws else EndpointOwner.OTHER


def is_loopback(host: str) -> bool:
    """Say whether a host, as it stands in a URL, is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def shown_url(url: str) -> str:
    """Return a URL without user, password, query and fragment, to be shown."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "a malformed URL"
    host = parts.hostname or "?"
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}"
