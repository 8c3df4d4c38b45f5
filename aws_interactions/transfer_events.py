"""Managed S3 transfers over bound clients.

boto3's transfer manager registers two handlers on the client that it is given. They hold no state,
so a prototype has them from the start and the manager's own registration finds them there.
"""

import copy
import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any, Final

_TRANSFER_METHODS: Final = ("upload_file", "download_file", "copy", "upload_fileobj", "download_fileobj")


def _signal(function_name: str) -> Callable[..., None]:
    def handler(**kwargs: Any) -> None:
        # The transfer library is loaded only when there are transfers; until then there is no signal to give.
        utils = sys.modules.get("s3transfer.utils")
        if utils is not None:
            getattr(utils, function_name)(**kwargs)

    return handler


def install_transfer_events(client: Any) -> None:
    """Give an S3 prototype the handlers that transfer managers would register on it."""
    events = client.meta.events
    event_name = "request-created.s3"
    events.register_first(
        event_name, _signal("signal_not_transferring"), unique_id="s3upload-not-transferring"
    )
    events.register_last(event_name, _signal("signal_transferring"), unique_id="s3upload-transferring")


def keep_transfers_classic(session: Any) -> None:
    """Make all S3 clients of a boto3-equipped session transfer in Python.

    The alternative engine signs outside botocore: it knows neither read-only nor ``endpoint_url``.
    """
    session.register("creating-client-class.s3", _wrap_transfer_methods)


def _wrap_transfer_methods(class_attributes: dict[str, Any], **_: object) -> None:
    for name in _TRANSFER_METHODS:
        class_attributes[name] = _in_python(class_attributes[name])


def _in_python(transfer: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(transfer)

    @functools.wraps(transfer)
    def transfer_in_python(*args: Any, **kwargs: Any) -> Any:
        call = signature.bind(*args, **kwargs)
        call.arguments["Config"] = _classic_config(call.arguments.get("Config"))
        return transfer(*call.args, **call.kwargs)

    return transfer_in_python


def _classic_config(config: Any) -> Any:
    if config is None:
        from boto3.s3.transfer import TransferConfig

        return TransferConfig(preferred_transfer_client="classic")
    config = copy.copy(config)
    config.preferred_transfer_client = "classic"
    return config
