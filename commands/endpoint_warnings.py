"""Warns where something sends calls to another endpoint than the service's own."""

import threading
from typing import TYPE_CHECKING

from commands.console import Console
from commands.options import Settings

if TYPE_CHECKING:
    from aws_interactions.client_settings import EndpointOverride

_OPTION = "--endpoint-url"


class EndpointWarnings:
    """Warns on standard error, once in a run for each place that says where calls go."""

    def __init__(self, settings: Settings) -> None:
        labels = [each.partition("=") for each in settings.origins]
        self._option = next((label for name, _, label in labels if f"--{name}" == _OPTION), _OPTION)
        self._lock = threading.Lock()
        self._told: set[tuple[str, str]] = set()

    def __call__(self, override: "EndpointOverride") -> None:
        """Warn of an override that was not told of before; called on any thread."""
        # Loaded here: a run without an override does without.
        from aws_interactions.endpoint_hosts import shown_url

        place, url = override.place or self._option, shown_url(override.url)
        with self._lock:
            if (place, url) in self._told:
                return
            self._told.add((place, url))
        what = "calls" if override.is_for_all else f"calls of {override.service_name}"
        Console().warn(f"{what} go to {url}, because of {place}")
