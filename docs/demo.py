"""Does the main job on the sandbox, each command shown with what it prints. ``make demo`` runs it."""

import os
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("manage-resources")
HOME = "123456789012"
BUCKET = f"demo-{HOME}"
MEMBER = "111122223333"
EVERY_ACCOUNT = f"--accounts {HOME},{MEMBER},444455556666 --role-name operator"
EVERYWHERE = f"{EVERY_ACCOUNT} --regions us-east-1,eu-west-1"
ORDER = '{"customer":"c-1","order":"2026-01-07-1"}'
SAMPLES = "'samples-{account}-{region}'"


@dataclass(frozen=True, slots=True)
class Step:
    """A command line, what it shows, and the exit code that it must end with."""

    why: str
    command: str
    exit_code: int = 0


STEPS = (
    Step("Start the sandbox: a small AWS of your own, on this machine only", "sandbox up"),
    Step("Who am I?", "--sandbox identity whoami"),
    Step("Which buckets are there?", "--sandbox s3 ls"),
    Step("Make one, unless it is there already", f"--sandbox s3 ensure {BUCKET}"),
    Step(
        "Put a file into it",
        f"--sandbox s3 put hello.txt {BUCKET} greetings/hello.txt --overwrite --yes",
    ),
    Step(
        "List it as JSON, cut down with a query",
        f"--sandbox s3 ls {BUCKET} --output json --query '[].[key, size]'",
    ),
    Step("Fetch the file again", f"--sandbox s3 get {BUCKET} greetings/hello.txt fetched.txt"),
    Step(
        "The same question in three accounts and two regions, through assumed roles",
        f"--sandbox {EVERYWHERE} s3 status {SAMPLES}",
    ),
    Step(
        "What would be changed in all six? Nothing is, yet",
        f"--sandbox {EVERYWHERE} s3 tags set {SAMPLES} seen-by=demo --dry-run",
    ),
    Step(
        "Which accounts does a part of the organisation have?",
        "--sandbox organizations accounts /workloads --recursive",
    ),
    Step(
        "Can the role be assumed in all accounts of the organisation?",
        "--sandbox --all-accounts --role-name operator fleet check",
    ),
    Step("Find instances by a tag, everywhere", f"--sandbox {EVERYWHERE} ec2 list --tag role=web"),
    Step("Stop a database in all three accounts", f"--sandbox {EVERY_ACCOUNT} rds stop orders-db --yes"),
    Step(
        "Wait until it has stopped in each", f"--sandbox {EVERY_ACCOUNT} rds wait orders-db --state stopped"
    ),
    Step("Start it again", f"--sandbox {EVERY_ACCOUNT} rds start orders-db --yes"),
    Step("Wait until it can be used", f"--sandbox {EVERY_ACCOUNT} rds wait orders-db --state available"),
    Step(
        "Read an item of a table",
        f"--sandbox dynamodb get orders '{ORDER}' --output json",
    ),
    Step(
        "Read one field of a secret, and no other",
        "--sandbox secrets get orders/database --field username",
    ),
    Step("Destroying where nobody can be asked is refused: exit code 6", f"--sandbox s3 destroy {BUCKET}", 6),
    Step("So is the wrong account", f"--sandbox --expect-account {MEMBER} s3 destroy {BUCKET} --yes", 6),
)

NEXT = """
The sandbox is still up. Try next:
  {program} --sandbox s3 ls samples-123456789012-us-east-1
  {program} --sandbox s3 destroy demo-123456789012        (asks first)
  eval "$({program} sandbox env)"     and then any aws command or SDK acts on the sandbox
  {program} sandbox down

On real AWS it is the same commands without --sandbox:
  {program} --profile your-profile --region eu-west-1 identity whoami
  {program} --profile your-profile --accounts 111111111111,222222222222 --role-name your-role \\
      --regions us-east-1,eu-west-1 s3 ls
"""


def main() -> None:
    """Run every step; end with 1 if one did not end as it should."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "hello.txt").write_text("hello from the demo\n", encoding="utf-8")
        for step in STEPS:
            show(step, folder)
    print(NEXT.format(program=os.path.relpath(PROGRAM)))


def show(step: Step, folder: str) -> None:
    """Print one step's reason, command line and output."""
    print(
        f"\n{styled('1', '# ' + step.why)}\n{styled('36', '$ manage-resources ' + step.command)}", flush=True
    )
    process = subprocess.run(
        [PROGRAM, *shlex.split(step.command)],
        cwd=folder,
        # What a person sees on a terminal, also where this is read from a file.
        env={"MANAGE_RESOURCES_OUTPUT": "table", **os.environ},
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if process.returncode:
        print(styled("2", f"(exit code {process.returncode})"))
    if process.returncode != step.exit_code:
        sys.exit(
            f"the demo expected exit code {step.exit_code} here; if its samples were changed, "
            f"bring them back with: {os.path.relpath(PROGRAM)} sandbox reset --yes"
        )


def styled(code: str, text: str) -> str:
    """Return the text in a terminal style, on terminals that want one."""
    is_plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ
    return text if is_plain else f"\x1b[{code}m{text}\x1b[0m"


if __name__ == "__main__":
    main()
