"""Every noun: its name, the module that has its verbs, one line of help.

The only place that lists them. Root help, suggestions and completion read it and import no command
module. A new noun is one line here and one file beside.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NounEntry:
    """One noun; ``module`` holds its group under the noun's own name.

    ``is_verb``: it is a command by itself, and ``module`` holds that.
    """

    name: str
    module: str
    help: str
    is_verb: bool = False


NOUNS: tuple[NounEntry, ...] = (
    NounEntry("identity", "commands.identity", "Who the credentials act as."),
    NounEntry("organizations", "commands.organizations", "Accounts and units of the organisation."),
    NounEntry("fleet", "commands.fleet", "The accounts and regions that commands run in."),
    NounEntry("iam", "commands.iam", "What identities may do."),
    NounEntry("s3", "commands.s3", "Buckets and objects."),
    NounEntry("ec2", "commands.ec2", "Instances, networks, volumes and their tags."),
    NounEntry("dynamodb", "commands.dynamodb", "Tables and their items, as plain JSON."),
    NounEntry("rds", "commands.rds", "Databases, instances and clusters alike, and their snapshots."),
    NounEntry("secrets", "commands.secrets", "Secrets and their versions in Secrets Manager."),
    NounEntry("undo", "commands.undo", "Take back what a run changed.", is_verb=True),
    NounEntry("plan", "commands.plan", "Plans that --plan-out saved."),
    NounEntry("apply", "commands.apply", "Make the changes of a plan that --plan-out saved.", is_verb=True),
    NounEntry("runs", "commands.runs", "Runs so far: over several targets, or with changes."),
    NounEntry("sandbox", "commands.sandbox", "A local stand-in for AWS to try everything on."),
    NounEntry("completion", "commands.completion", "Completion of commands and options in the shell."),
)

WORDS_OF_OTHER_TOOLS: dict[str, tuple[str, ...]] = {
    "whoami": ("identity whoami",),
    "sts": ("identity whoami",),
    "org": ("organizations",),
    "organizations list": ("organizations accounts", "organizations ous"),
    "organizations ls": ("organizations accounts", "organizations ous"),
    "organizations list-accounts": ("organizations accounts",),
    "organizations list-accounts-for-parent": ("organizations accounts",),
    "organizations list-organizational-units-for-parent": ("organizations ous",),
    "organizations units": ("organizations ous",),
    "targets": ("fleet show",),
    "fleets": ("fleet list",),
    "fleet ls": ("fleet list", "fleet show"),
    "fleet targets": ("fleet show",),
    "fleet test": ("fleet check",),
    "iam simulate-principal-policy": ("iam can-i",),
    "iam can": ("iam can-i",),
    "iam whoami": ("identity whoami",),
    "ls": ("s3 ls",),
    "cp": ("s3 put", "s3 get"),
    "s3api": ("s3",),
    "s3 cp": ("s3 put", "s3 get"),
    "s3 mv": ("s3 put", "s3 rm"),
    "s3 mb": ("s3 create",),
    "s3 rb": ("s3 destroy",),
    "s3 delete": ("s3 rm", "s3 destroy"),
    "s3 list": ("s3 ls",),
    "s3 upload": ("s3 put",),
    "s3 download": ("s3 get",),
    "dynamodb ls": ("dynamodb tables",),
    "dynamodb list": ("dynamodb tables",),
    "dynamodb list-tables": ("dynamodb tables",),
    "dynamodb describe-table": ("dynamodb describe",),
    "dynamodb show": ("dynamodb describe", "dynamodb get"),
    "dynamodb create-table": ("dynamodb create",),
    "dynamodb delete-table": ("dynamodb drop",),
    "dynamodb destroy": ("dynamodb drop",),
    "dynamodb get-item": ("dynamodb get",),
    "dynamodb put-item": ("dynamodb put",),
    "dynamodb update-item": ("dynamodb update",),
    "dynamodb delete-item": ("dynamodb delete",),
    "dynamodb rm": ("dynamodb delete", "dynamodb drop"),
    "dynamodb batch-get-item": ("dynamodb batch-get",),
    "dynamodb batch-write-item": ("dynamodb batch-write",),
    "rds describe-db-instances": ("rds list", "rds show"),
    "rds describe-db-clusters": ("rds list", "rds show"),
    "rds ls": ("rds list",),
    "rds describe": ("rds show",),
    "rds get": ("rds show",),
    "rds status": ("rds list",),
    "rds start-db-instance": ("rds start",),
    "rds start-db-cluster": ("rds start",),
    "rds stop-db-instance": ("rds stop",),
    "rds stop-db-cluster": ("rds stop",),
    "rds reboot-db-instance": ("rds reboot",),
    "rds reboot-db-cluster": ("rds reboot",),
    "rds describe-db-snapshots": ("rds snapshots list",),
    "rds create-db-snapshot": ("rds snapshots create",),
    "rds delete-db-snapshot": ("rds snapshots delete",),
    "rds describe-db-cluster-snapshots": ("rds snapshots list",),
    "rds create-db-cluster-snapshot": ("rds snapshots create",),
    "rds delete-db-cluster-snapshot": ("rds snapshots delete",),
    "rds list-tags-for-resource": ("rds tags get",),
    "rds add-tags-to-resource": ("rds tags set",),
    "rds snapshot": ("rds snapshots create",),
    "rds restart": ("rds reboot",),
    "secretsmanager": ("secrets",),
    "secrets ls": ("secrets list",),
    "secrets show": ("secrets describe", "secrets get"),
    "secrets rm": ("secrets delete",),
    "secrets destroy": ("secrets delete",),
    "secrets set": ("secrets put",),
    "secrets update": ("secrets put",),
    "secrets rollback": ("secrets promote",),
    "ec2 ls": ("ec2 list",),
    "ec2 describe-tags": ("ec2 tags",),
    "ec2 describe-instances": ("ec2 list", "ec2 show"),
    "ec2 describe": ("ec2 show",),
    "ec2 describe-vpcs": ("ec2 vpcs",),
    "ec2 describe-subnets": ("ec2 subnets",),
    "ec2 describe-network-interfaces": ("ec2 enis",),
    "ec2 describe-volumes": ("ec2 volumes",),
    "ec2 describe-security-groups": ("ec2 security-groups",),
    "ec2 describe-availability-zones": ("ec2 azs",),
    "ec2 describe-regions": ("ec2 regions",),
    "ec2 start-instances": ("ec2 start",),
    "ec2 stop-instances": ("ec2 stop",),
    "ec2 reboot-instances": ("ec2 reboot",),
    "ec2 terminate-instances": ("ec2 terminate",),
    "ec2 create-tags": ("ec2 tag",),
    "ec2 delete-tags": ("ec2 tag",),
    "history": ("runs list",),
    "resume": ("runs resume",),
    "runs ls": ("runs list",),
    "runs describe": ("runs show",),
    "runs retry": ("runs resume",),
    "runs rm": ("runs prune",),
    "runs undo": ("undo",),
    "revert": ("undo",),
    "rollback": ("undo",),
    "sandbox start": ("sandbox up",),
    "sandbox stop": ("sandbox down",),
}
"""What somebody types who knows the aws command, and the commands here that it may be meant for."""
