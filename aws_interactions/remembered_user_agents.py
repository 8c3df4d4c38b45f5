"""The User-Agent header is put together once for what it says, not twice for each request.

Botocore cleans some 500 characters one by one for it, 7% of what a small call costs. What the header says
depends on the client and on the features that the request uses.

It rides on one private part of botocore's clients; a test fails when that moves. It may be deleted, with
its call.
"""

from collections.abc import Callable
from typing import Any, Final

from botocore.context import get_context
from botocore.useragent import UserAgentString

from aws_interactions.botocore_events import BotocoreSeamMoved

_MOST_REMEMBERED: Final = 100


class _Remembering:
    """Builds what it has not built before; may be called by all threads."""

    def __init__(self, build: Callable[[], str]) -> None:
        self._build = build
        self._built: dict[frozenset[str], str] = {}

    def __call__(self) -> str:
        context = get_context()
        features = frozenset(context.features) if context is not None else frozenset[str]()
        text = self._built.get(features)
        if text is None:
            text = self._build()
            if len(self._built) < _MOST_REMEMBERED:
                self._built[features] = text
        return text


def install_remembered_user_agent(client: Any) -> None:
    """Let a botocore client remember its User-Agent headers; raises ``BotocoreSeamMoved``."""
    creator = getattr(client, "_user_agent_creator", None)
    if not isinstance(creator, UserAgentString):
        raise BotocoreSeamMoved("botocore's clients have no maker of User-Agent headers")
    creator.to_string = _Remembering(creator.to_string)  # type: ignore[method-assign]  # of this one alone
