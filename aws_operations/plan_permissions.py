"""What AWS has to allow for changes to be carried out, and the session policy that allows just that."""

import json
import re
from collections.abc import Callable, Hashable, Iterable
from functools import cache

from aws_interactions.aws_environment import partition_of_region
from aws_interactions.call_permission_parts import LOGGING_OF_IMPORTS
from aws_interactions.service_operations import SERVICE_OPERATIONS
from aws_operations.changes import Change, Effect

Permission = tuple[str, str]
"""An IAM action and the resource, with IAM's wildcards, that it is about."""

LONGEST_SESSION_POLICY = 2048
"""How many characters STS takes."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
# STS takes no characters of other scripts in a policy.
_UNWRITABLE = re.compile(r"[^ -~]+")
_IAM_WILDCARDS = re.compile(r"[*?]|\$(?=\{)")

# Which actions have a service ask KMS for a key in the caller's name.
_USES_OF_KEYS = {
    "s3": re.compile(r"s3:(Get|Put)Object(Version)?"),
    "ec2": re.compile(r"ec2:StartInstances"),
    "rds": re.compile(r"rds:(Start|Create)DB.*"),
    "dynamodb": re.compile(r"dynamodb:.*"),
    "secretsmanager": re.compile(r"secretsmanager:((Get|Put)SecretValue|CreateSecret)"),
}
# The members of a cluster reboot with it.
_ALSO = {"rds:RebootDBCluster": "rds:RebootDBInstance"}
_KEY_ACTIONS = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
_GRANTING = frozenset({"ec2", "rds", "dynamodb"})


def permissions_of_change(change: Change) -> tuple[Permission, ...]:
    """Return what a change needs: its actions, each on what the tables of operations say that it is about.

    Looking at the resource again and reading back are among them; for what is nothing to do, nothing is
    needed. Keys of KMS are not in them: see ``session_policy``.
    """
    if change.is_noop:
        return ()
    found: dict[Permission, None] = {}
    actions = [*change.iam_actions, *(_ALSO[action] for action in change.iam_actions if action in _ALSO)]
    for action in actions:
        for template in _templates_by_action().get(action, ("",)):
            for resource in _resources(action, template, change):
                found[action, resource] = None
    return tuple(found)


def session_policy(permissions: Iterable[Permission]) -> str:
    """Return the shortest policy (compact JSON) that allows these permissions and no others.

    Encrypted data needs its key: where the services may use keys of KMS for the caller, these uses are
    allowed, through these services only; the role's own policy still says which keys.
    """
    pairs = dict.fromkeys(permissions)
    written = min(
        (json.dumps(statements, separators=(",", ":")) for statements in _groupings(pairs)), key=len
    )
    keys = _statements_for_keys({action for action, _ in pairs})
    if keys:
        written = f"{written[:-1]},{json.dumps(keys, separators=(',', ':'))[1:]}"
    return f'{{"Version":"2012-10-17","Statement":{written}}}'


@cache
def _templates_by_action() -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for operations in SERVICE_OPERATIONS.values():
        for operation in operations.values():
            for action in operation.iam_actions:
                found.setdefault(action, {})[operation.arn_template] = None
    return {action: tuple(templates) for action, templates in found.items()}


def _resources(action: str, template: str, change: Change) -> list[str]:
    # An item has no ARN: its name is that of its table, a blank, and its key.
    service = action.partition(":")[0]
    owner = change.resource.partition(" ")[0] if service == "dynamodb" else change.resource
    if template == "*":
        return ["*"]
    if service == "secretsmanager" and change.effect is Effect.CREATE:
        # AWS puts six characters of its own after the name once the secret is there.
        return [_literal(owner), f"{_literal(owner)}-??????"]
    if action in {"rds:CreateDBSnapshot", "rds:CreateDBClusterSnapshot"}:
        return [_literal(owner), _database_of(change)]
    if change.kind.startswith("dynamodb."):
        return _resources_of_table(action, template, owner, change)
    return [_narrowest(action, template, owner, change)]


def _resources_of_table(action: str, template: str, table: str, change: Change) -> list[str]:
    after = change.after or {}
    service, _, operation = action.partition(":")
    if service == "s3":
        bucket = f"arn:{partition_of_region(change.target.aws_region)}:s3:::{_literal(after['bucket'])}"
        return [bucket if operation == "ListBucket" else f"{bucket}/{_literal(after['prefix'])}*"]
    if service == "logs":
        logs = LOGGING_OF_IMPORTS[action]
        return [logs if logs == "*" else f"arn:*:logs:{change.target.aws_region}:*:{logs}"]
    narrowest = _narrowest(action, template, table, change)
    # A table is restored from something, and IAM asks about both.
    return [narrowest, _literal(after["from"])] if operation.startswith("Restore") else [narrowest]


def _narrowest(action: str, template: str, owner: str, change: Change) -> str:
    """Return the change's own resource where the template is about such, else what the template is about."""
    if not template or (action.startswith("ec2:") and owner.startswith("arn:")):
        # Images and snapshots have ARNs without the account that the table puts there.
        return _literal(owner)
    if action.startswith("ec2:"):
        return f"arn:*:ec2:*:*:*/{_literal(owner)}"
    values = {
        "partition": partition_of_region(change.target.aws_region),
        "region": change.target.aws_region,
        "account": change.target.aws_account or "*",
    }
    if action.startswith("s3:"):
        bucket, _, key = owner.split(":::", 1)[-1].partition("/")
        values |= {"Bucket": bucket, "Key": key or "*"}
    pattern = _PLACEHOLDER.sub(lambda name: values.get(name[1], "*"), template)
    # Descriptions are of lists, even where one name was asked for.
    is_of_list = action.startswith("rds:Describe")
    return _literal(owner) if _matches(pattern, owner) and not is_of_list else pattern


def _matches(pattern: str, arn: str) -> bool:
    if pattern == arn or not ("*" in pattern or "?" in pattern):
        return pattern == arn
    shape = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(shape, arn, re.DOTALL) is not None


def _database_of(change: Change) -> str:
    head, noun, _ = change.resource.rsplit(":", 2)
    database = (change.after or {}).get("database", "*")
    return f"{head}:{'db' if noun == 'snapshot' else 'cluster'}:{database}"


def _literal(resource: str) -> str:
    """Return a resource as a policy writes it: what would be a wildcard in it stands for itself."""
    written = _IAM_WILDCARDS.sub(lambda sign: f"${{{sign[0]}}}", resource)
    return _UNWRITABLE.sub("*", written)


def _groupings(pairs: Iterable[Permission]) -> Iterable[list[dict[str, object]]]:
    """Yield the two ways to write pairs as statements: by resources that share actions, or the reverse."""
    by_resource: dict[str, dict[str, None]] = {}
    by_action: dict[str, dict[str, None]] = {}
    for action, resource in pairs:
        by_resource.setdefault(resource, {})[action] = None
        by_action.setdefault(action, {})[resource] = None
    yield [
        _statement(actions, resources)
        for actions, resources in _alike(by_resource, lambda actions: tuple(sorted(actions)))
    ]
    yield [_statement(actions, resources) for resources, actions in _alike(by_action, frozenset)]


def _alike(
    sets: dict[str, dict[str, None]], key_of: Callable[[dict[str, None]], Hashable]
) -> Iterable[tuple[list[str], list[str]]]:
    """Yield each set that there is with the names of all that have it."""
    names_by_set: dict[Hashable, tuple[list[str], list[str]]] = {}
    for name, members in sets.items():
        names_by_set.setdefault(key_of(members), (list(members), []))[1].append(name)
    return names_by_set.values()


def _statement(actions: list[str], resources: list[str]) -> dict[str, object]:
    return {"Effect": "Allow", "Action": _one_or_all(actions), "Resource": _one_or_all(resources)}


def _one_or_all(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _statements_for_keys(actions: Iterable[str]) -> list[dict[str, object]]:
    using = [
        service
        for service, shape in _USES_OF_KEYS.items()
        if any(shape.fullmatch(action) for action in actions)
    ]
    granting = [service for service in using if service in _GRANTING]
    statements: list[dict[str, object]] = []
    if using:
        via = _one_or_all([f"{service}.*" for service in using])
        statements.append(
            {
                "Effect": "Allow",
                "Action": _KEY_ACTIONS,
                "Resource": "*",
                "Condition": {"StringLike": {"kms:ViaService": via}},
            }
        )
    if granting:
        via = _one_or_all([f"{service}.*" for service in granting])
        statements.append(
            {
                "Effect": "Allow",
                "Action": "kms:CreateGrant",
                "Resource": "*",
                "Condition": {
                    "StringLike": {"kms:ViaService": via},
                    "Bool": {"kms:GrantIsForAWSResource": "true"},
                },
            }
        )
    return statements
