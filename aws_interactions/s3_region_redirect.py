"""S3 redirects to a bucket's own region, for clients that share one prototype.

Botocore's redirector holds the client it was made for and, where an error does not tell the region,
asks with that client. On a prototype this would be a call with nobody's credentials, so the shared
redirector asks with the bound client that the request context names, gate and all.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from botocore.utils import S3RegionRedirectorv2

from aws_interactions.botocore_events import remove_handlers_owned_by
from aws_interactions.request_context import client_of

_MAX_REMEMBERED_BUCKETS: Final = 10_000
_EVENTS: Final = ("needs-retry.s3", "before-parameter-build.s3", "before-endpoint-resolution.s3")


class BucketRegions:
    """Regions of buckets that were redirected; holds the last 10,000 and may be used by all threads.

    Where a bucket is does not depend on who asks, so one memory serves all accounts.
    """

    def __init__(self, max_buckets: int = _MAX_REMEMBERED_BUCKETS) -> None:
        self._regions: OrderedDict[str, str] = OrderedDict()
        self._max_buckets = max_buckets
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        # Botocore takes an empty cache for none and would make its own.
        return True

    def __contains__(self, bucket_name: object) -> bool:
        return bucket_name in self._regions

    def __setitem__(self, bucket_name: str, aws_region: str) -> None:
        with self._lock:
            self._regions[bucket_name] = aws_region
            self._regions.move_to_end(bucket_name)
            if len(self._regions) > self._max_buckets:
                self._regions.popitem(last=False)

    def get(self, bucket_name: str, default: str | None = None) -> str | None:
        """Return the region that a bucket was last found in, or ``default``."""
        return self._regions.get(bucket_name, default)


class SharedS3RegionRedirector(S3RegionRedirectorv2):
    """Botocore's redirector, acting for the bound client whose request is redirected."""

    def __init__(self, prototype: Any) -> None:
        self._regions = BucketRegions()
        super().__init__(None, prototype, cache=self._regions)

    def redirect_from_error(
        self, request_dict: Mapping[str, Any], response: Any, operation: Any, **kwargs: Any
    ) -> int | None:
        """Redirect a request that went to the wrong region; ``None`` where it did not."""
        bound_client = client_of(request_dict.get("context", {}))
        if bound_client is None or _is_head_without_region(operation, response):
            return None
        redirector = S3RegionRedirectorv2(None, bound_client, cache=self._regions)
        delay: int | None = redirector.redirect_from_error(request_dict, response, operation, **kwargs)
        return delay

    def redirect_from_cache(self, builtins: Any, params: Mapping[str, Any], **kwargs: Any) -> None:
        """Resolve the endpoint of a bucket that was redirected before in its own region."""
        # An entry may go between botocore's two looks at the cache; then there is no redirect.
        if self._regions.get(params.get("Bucket") or "") is not None:
            super().redirect_from_cache(builtins, params, **kwargs)


def _is_head_without_region(operation: Any, response: Any) -> bool:
    # Botocore would ask for the region with another HeadBucket, get the same answer, and so on for ever.
    if response is None or operation.name != "HeadBucket":
        return False
    parsed = response[1]
    headers = parsed.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return "x-amz-bucket-region" not in headers and "Region" not in parsed.get("Error", {})


def install_shared_redirector(client: Any) -> None:
    """Replace the redirector of an S3 prototype by the shared one."""
    for event_name in _EVENTS:
        remove_handlers_owned_by(client.meta.events, event_name, S3RegionRedirectorv2)
    SharedS3RegionRedirector(client).register()
