"""``iam``: what identities may do."""

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from commands.app import noun
from commands.lazy import lazy
from commands.parameters import UTF8_TEXT
from commands.shapes import Shape

if TYPE_CHECKING:
    from aws_operations import iam as operations
else:
    operations = lazy("aws_operations.iam")

_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")

iam = noun("iam", help="What identities may do.")


class ActionName(click.ParamType[str]):
    """An IAM action, such as ``s3:GetObject``; IAM simulates no wildcards."""

    name = "action"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the action, or fail where it is not ``SERVICE:ACTION``."""
        text = str(value)
        if not _ACTION.fullmatch(text):
            self.fail(f"{text!r} is not an action such as s3:GetObject; no wildcards here", param, ctx)
        return text


class PrincipalOrResource(click.ParamType[str]):
    """An ARN, which may hold ``{account}`` and ``{region}``; with ``takes_any``, ``*`` as well."""

    name = "arn"

    def __init__(self, *, takes_any: bool) -> None:
        self._takes_any = takes_any

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the ARN, or fail where it is none."""
        text = UTF8_TEXT.convert(value, param, ctx)
        if not text.startswith("arn:") and not (self._takes_any and text == "*"):
            self.fail(f"{text!r} is not an ARN{' and not *' if self._takes_any else ''}", param, ctx)
        return text


@iam.verb(
    "can-i",
    shape=Shape.ROWS,
    example="manage-resources iam can-i s3:GetObject --resource 'arn:aws:s3:::my-bucket/*'",
)
@click.argument("actions", metavar="ACTION...", type=ActionName(), nargs=-1, required=True)
@click.option(
    "--resource",
    "resources",
    type=PrincipalOrResource(takes_any=True),
    multiple=True,
    metavar="ARN",
    help="What it would be done to; repeatable; * unless given.",
)
@click.option(
    "--as",
    "principal_arn",
    type=PrincipalOrResource(takes_any=False),
    metavar="ARN",
    help="A user, group or role of the account, instead of you.",
)
def can_i(
    actions: tuple[str, ...], resources: tuple[str, ...], principal_arn: str | None
) -> Callable[..., Any]:
    """Say whether policies allow actions, without doing them.

    Each answer is one of: allowed, explicit_deny, implicit_deny. The exit code is 0 whatever they are.
    Policies of resources and of sessions are not looked at.

    The sandbox cannot answer this. For several targets put {account} and {region} into the ARNs.
    """
    return partial(operations.can_i, actions, resources, principal_arn)
