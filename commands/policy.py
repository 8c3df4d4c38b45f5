"""``policy``: the permissions that runs need, as IAM policies."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commands.app import noun
from commands.lazy import lazy
from commands.parameters import UTF8_TEXT, FileName
from commands.shapes import Shape

if TYPE_CHECKING:
    from aws_operations import policies, policy_check
else:
    policies = lazy("aws_operations.policies")
    policy_check = lazy("aws_operations.policy_check")

policy = noun("policy", help="The permissions that runs need, as IAM policies.")


@policy.verb(
    "from",
    shape=Shape.BYTES,
    takes_identity=False,
    example="manage-resources policy from calls.jsonl",
)
@click.argument("file", type=FileName())
@click.option(
    "--identity",
    type=UTF8_TEXT,
    metavar="NAME",
    help="Whose policy, as the recording or 'identity whoami' calls them; a pattern with * takes several.",
)
def from_(file: str, identity: str | None) -> Callable[[], Iterator[str]]:
    """Print the least policy that the calls of a recording need, ready for IAM.

    Record a run with --record FILE first. Each identity of it needs a policy of its own: that of the one
    that acted is printed, not that of who only assumed its role. The policy has the very actions and ARNs of
    the calls; what services do in turn, such as the use of a key of KMS, is no call and not in it.

    Use it with: aws iam put-role-policy --policy-document file://policy.json
    """
    return partial(_lines, Path(file), identity)


@policy.verb(
    "check",
    shape=Shape.ROWS,
    example="manage-resources policy check calls.jsonl --accounts 111122223333 --role-name operator",
)
@click.argument("file", type=FileName())
def check(file: str) -> Callable[..., Any]:
    """Ask IAM in each target whether you may do what a recording or a saved plan needs.

    Nothing of it is run. Each answer is one of: allowed, explicit_deny, implicit_deny; if any is not
    allowed, the exit code is 4, or 5 for several targets. A target that the file has no calls of is asked
    about all of them, with its account and region in the ARNs.

    Policies of resources and of sessions are not looked at. The sandbox cannot answer this.
    """
    return partial(policy_check.check, policy_check.needs_of(Path(file)))


def _lines(file_path: Path, identity: str | None) -> Iterator[str]:
    from commands.console import Console

    made, console = policies.policy_from(file_path, identity), Console()
    if made.denied:
        console.warn(
            f"denied in the recording: {policies.named(made.denied)}; what the run left out after that is "
            "not in the policy: record it again once it may"
        )
    if made.guessed:
        console.warn(f"no table knows the actions of these, look them up: {policies.named(made.guessed)}")
    if made.keys:
        console.warn(
            f"calls name keys of KMS, and their use is not in the policy: {policies.named(made.keys)}; allow "
            "kms:Decrypt and kms:GenerateDataKey on those that are your own"
        )
    if made.of_any_account:
        console.note(
            "the account of some calls was not known then, and * stands for it in their ARNs: put it there"
        )
    if made.widened:
        console.warn(
            "a policy may not hold some characters of these names; with * in their place it allows more: "
            f"{policies.named(made.widened)}"
        )
    if made.size > policies.LARGEST_MANAGED_POLICY:
        console.warn(
            f"the policy has {made.size} characters, and a managed policy may have "
            f"{policies.LARGEST_MANAGED_POLICY}: put patterns in the place of its ARNs, or split it"
        )
    if made.others and identity is None:
        console.note(
            f"the policy of {', '.join(made.identities)}; --identity prints that of others: "
            f"{policies.named(made.others)}"
        )
    yield made.document
