"""Where the runs of commands play: accounts with real IAM, a program to run, and eyes that see all."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from tests.support.program import run_program

HOME_ACCOUNT = "123456789012"
OTHER_ACCOUNT = "111122223333"
REGION = "us-east-1"
ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}

_POLICY_VERSION = "2012-10-17"


def policy(*statements: Mapping[str, Any]) -> str:
    """Return a policy document with these statements."""
    return json.dumps({"Version": _POLICY_VERSION, "Statement": list(statements)})


def fresh(prefix: str) -> str:
    """Return a name that nothing has yet."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


class Account:
    """One account of ministack; its root, to prepare and to look, and users that IAM really judges."""

    def __init__(self, number: str, endpoint_url: str) -> None:
        self.number = number
        self.endpoint_url = endpoint_url
        # There, a key of twelve digits is the root of that account, and this its only secret.
        self.root = self.provider(AccessKeys(number, "test"))

    def provider(self, keys: AccessKeys, **options: Any) -> AwsClientProvider:
        """Return a provider that acts with these keys."""
        return AwsClientProvider(
            aws_region=REGION, access_keys=keys, endpoint_url=self.endpoint_url, **options
        )

    def make_user(self, *statements: Mapping[str, Any]) -> tuple[str, AccessKeys]:
        """Make a user who may do what the statements say; return its ARN and keys."""
        iam = self.root.get_iam()
        name = fresh("user")
        arn = iam.create_user(UserName=name)["User"]["Arn"]
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="what", PolicyDocument=policy(*statements))
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return arn, AccessKeys(made["AccessKeyId"], made["SecretAccessKey"])

    def make_role(
        self, trust: Mapping[str, Any], *statements: Mapping[str, Any], name: str | None = None
    ) -> str:
        """Make a role with this trust statement that may do what the others say; return its ARN."""
        iam = self.root.get_iam()
        name = name or fresh("role")
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="what", PolicyDocument=policy(*statements))
        arn: str = made["Role"]["Arn"]
        return arn


def trust_in(principal_arn: str, **condition: Any) -> dict[str, Any]:
    """Return a trust statement for one principal, perhaps under a condition."""
    statement = {"Effect": "Allow", "Principal": {"AWS": principal_arn}, "Action": "sts:AssumeRole"}
    return {**statement, "Condition": condition} if condition else statement


def variables_of(keys: AccessKeys) -> dict[str, str]:
    """Return the environment variables that have the program act with these keys."""
    variables = {
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "AWS_REGION": REGION,
    }
    return {**variables, "AWS_SESSION_TOKEN": keys.session_token} if keys.session_token else variables


@dataclass(frozen=True, slots=True)
class Stage:
    """What a run of one command is given.

    ``root`` sees and prepares what the command, which acts as a user, will find; ``dynamodb`` does so for
    tables, which may be dynalite's where everything else is ministack's. ``folder`` is for files.
    """

    words: str
    environment: Mapping[str, str]
    root: AwsClientProvider
    dynamodb: Any
    folder: Path

    def run(
        self, *arguments: str, exit_code: int = 0, stdin: str = "", words: str | None = None
    ) -> CompletedProcess[str]:
        """Run the command (or another, by its ``words``) and hold it to its exit code."""
        line = [*(words or self.words).split(), *arguments]
        done = run_program(line, self.environment, stdin=stdin, cwd=self.folder)
        assert done.returncode == exit_code, f"{' '.join(line)}: {done.returncode}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def rows(self, *arguments: str, words: str | None = None, stdin: str = "", exit_code: int = 0) -> Any:
        """Run the command and return the rows that it prints."""
        done = self.run(*arguments, "--output", "json", words=words, stdin=stdin, exit_code=exit_code)
        return json.loads(done.stdout)

    def changes(self, *arguments: str, words: str | None = None, stdin: str = "", exit_code: int = 0) -> Any:
        """Run the command with ``--yes`` and return what became of each change, in order."""
        rows = self.rows(*arguments, "--yes", words=words, stdin=stdin, exit_code=exit_code)
        return [row["status"] for row in rows]


Run = Callable[[Stage], None]
RUNS: dict[str, Run] = {}


def runs(words: str) -> Callable[[Run], Run]:
    """Register the decorated function as the run of the command with these words."""

    def register(run: Run) -> Run:
        assert words not in RUNS, f"{words} has two runs"
        RUNS[words] = run
        return run

    return register
