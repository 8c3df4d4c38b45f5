"""Looking into botocore's event emitter: the one place that knows how it keeps its handlers."""

from typing import Any


class BotocoreSeamMoved(RuntimeError):
    """Botocore no longer has the private part that this package replaces; nothing was sent."""


def handlers_owned_by(events: Any, event_name: str, owner: type) -> list[Any]:
    """Return the handlers of an event that are methods of an ``owner`` instance."""
    found = events._emitter._handlers.prefix_search(event_name)
    return [handler for handler in found if isinstance(getattr(handler, "__self__", None), owner)]


def known_unique_ids(events: Any) -> frozenset[str]:
    """Return the unique ids under which handlers are registered."""
    return frozenset(events._emitter._unique_id_handlers)


def remove_handlers_owned_by(events: Any, event_name: str, owner: type) -> None:
    """Unregister the handlers of an event that are methods of an ``owner`` instance.

    Raises ``BotocoreSeamMoved`` if there is none, so that a handler which shares state between
    accounts never stays in place unseen.
    """
    handlers = handlers_owned_by(events, event_name, owner)
    if not handlers:
        raise BotocoreSeamMoved(f"botocore has no {owner.__name__} handler on {event_name}")
    for handler in handlers:
        events.unregister(event_name, handler)


def remove_handler_with_id(events: Any, event_name: str, unique_id: str) -> None:
    """Unregister the handler of an event by its unique id, or raise ``BotocoreSeamMoved``."""
    if unique_id not in known_unique_ids(events):
        raise BotocoreSeamMoved(f"botocore has no handler {unique_id} on {event_name}")
    events.unregister(event_name, unique_id=unique_id)
