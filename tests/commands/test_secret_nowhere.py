"""A sentinel through every way in which a secret is stored: while the program runs and after, it is nowhere.

Each time that the program asks AWS something, and at its end, all that it has open, all files of its own and
what the system tells of its process are searched. A secret may be in AWS's store, in the file that it was
given in, and on the standard output of ``secrets get``; credentials of roles also in the private cache.
"""

import base64
import hashlib
import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.support.aws_answers import assumed_role, caller_identity
from tests.support.loopback_proxy import Answer, Fault, Hangup, LoopbackProxy, SeenRequest
from tests.support.program import run_on_terminal, run_program

VALUE = "Sentinel-of-the-value-0123456789"
OLDER = "Sentinel-of-the-older-value-0123"
ROLE_SECRET = "SentinelOfTheRole/Secret+Key0123456789ab"
ROLE_TOKEN = "SentinelOfTheRole/Session+Token0123456789"
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/operator"
LOUD = ["-vvv", "--debug"]
PROMPTS = ["(not shown): ", "once more: "]
FORMS = sorted(
    form
    for secret in (VALUE, OLDER, ROLE_SECRET, ROLE_TOKEN)
    for form in (
        secret.encode(),
        base64.b64encode(secret.encode()).rstrip(b"="),
        # Whoever has the digest of a short secret has the secret.
        hashlib.sha256(secret.encode()).hexdigest().encode(),
        hashlib.sha1(secret.encode(), usedforsecurity=False).hexdigest().encode(),
        json.dumps(secret).replace("/", "\\/").strip('"').encode(),
    )
)


def secrets_in(data: bytes) -> list[bytes]:
    return [form for form in FORMS if form in data]


@dataclass
class Witness:
    """Searches what the program has, whenever it asks something, and says where it found a secret."""

    home: Path
    looks: int = 0
    processes: int = 0
    found: set[str] = field(default_factory=set)
    fault: Callable[[SeenRequest], Fault | None] = field(default=lambda _: None)

    def __call__(self, request: SeenRequest) -> Fault | None:
        self.looks += 1
        for process in self._programs():
            self.processes += 1
            self._look_at_process(process)
        self.look_at_files()
        return self.fault(request) or role_answers(request)

    def look_at_files(self) -> None:
        cache = self.home / "cache" / "manage-resources" / "credentials"
        for path in self.home.rglob("*"):
            if path.is_file() and path.parent != cache:
                self._look_into(path)

    def _programs(self) -> Iterator[Path]:
        mark = f"HOME={self.home}\0".encode()
        for environ in Path("/proc").glob("[0-9]*/environ"):
            if mark in read(environ):
                yield environ.parent

    def _look_at_process(self, process: Path) -> None:
        for name in ("cmdline", "environ", "comm", "stat"):
            self._look_into(process / name)
        for handle in process.glob("fd/*"):
            # Files without a name are among them: SQLite's temporary ones are unlinked as they are made.
            opened = str(handle.readlink())
            if opened.startswith(f"{self.home}/") or opened.endswith("(deleted)"):
                self._look_into(handle)

    def _look_into(self, path: Path) -> None:
        self.found.update(f"{path}: {form.decode()}" for form in secrets_in(read(path)))


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        # It is gone by now, or was nothing to read.
        return b""


def role_answers(request: SeenRequest) -> Fault | None:
    match request.operation:
        case "AssumeRole":
            given = assumed_role(ACCOUNT, secret=ROLE_SECRET, token=ROLE_TOKEN)
            # The sandbox knows the sessions that it gave, by their first letters; it takes any other key.
            return replace(given, body=given.body.replace(b"ASIA", b"AKIA"))
        case "GetCallerIdentity":
            return caller_identity(ACCOUNT)
    return None


@dataclass
class Stage:
    """The program as a role with sentinels for credentials, as loud as can be, and recorded."""

    environment: dict[str, str]
    given: Path
    witness: Witness
    name: str
    recording: Path

    def run(
        self, *arguments: str, stdin: str = "", exit_code: int = 0, tells: bool = False, is_aws: bool = True
    ) -> str:
        """Run the program; ``tells``: its standard output may have secrets in it. Returns what it showed."""
        done = run_program(
            [*arguments, *LOUD, *(self._options if is_aws else [])],
            self.environment,
            stdin=stdin,
            cwd=self.given,
        )
        assert done.returncode == exit_code, done.stderr
        self._check(done.stderr if tells else done.stdout + done.stderr)
        return done.stdout if tells else done.stdout + done.stderr

    def ask(self, *arguments: str, value: str) -> None:
        """Run the program on a terminal and type a value when it asks for one."""
        session = run_on_terminal(
            [*arguments, *LOUD, *self._options],
            self.environment,
            answers=[(prompt, f"{value}\n") for prompt in PROMPTS],
            cwd=self.given,
        )
        assert session.exit_code == 0, session.screen
        self._check(session.screen)

    @property
    def _options(self) -> list[str]:
        return ["--record", str(self.recording), "--record-answers"]

    def _check(self, shown: str) -> None:
        assert secrets_in(shown.encode()) == []
        self.witness.look_at_files()
        assert self.witness.found == set()


@pytest.fixture
def stage(proxied_environment: dict[str, str], proxy: LoopbackProxy, tmp_path: Path) -> Iterator[Stage]:
    home, given = Path(proxied_environment["HOME"]), tmp_path / "given"
    temporary = home / "temporary"
    for folder in (given, temporary):
        folder.mkdir()
    (given / "value").write_text(VALUE, encoding="utf-8")
    (given / "older").write_text(OLDER, encoding="utf-8")
    environment = {
        **proxied_environment,
        "TMPDIR": str(temporary),
        "MANAGE_RESOURCES_ASSUME_ROLE_ARN": ROLE,
        "MANAGE_RESOURCES_MAX_ATTEMPTS": "1",
    }
    witness = Witness(home)
    proxy.disturb = witness
    yield Stage(environment, given, witness, f"nowhere/{uuid.uuid4().hex}", home / "recording")
    witness.look_at_files()
    assert witness.found == set()
    assert witness.looks
    assert witness.processes >= witness.looks


@pytest.mark.parametrize("form", FORMS, ids=range(len(FORMS)))
def test_WHEN_a_secret_is_in_a_file_in_any_form_THEN_the_search_finds_it(form: bytes, tmp_path: Path) -> None:
    witness = Witness(tmp_path)
    (tmp_path / "leak").write_bytes(b'{"value": "' + form + b'"}')
    witness.look_at_files()
    assert witness.found


@pytest.mark.parametrize(
    "leak",
    ["import tempfile; file = tempfile.TemporaryFile('w'); file.write(told); file.flush()", f"x = {VALUE!r}"],
    ids=["unlinked file", "argument"],
)
def test_WHEN_a_program_has_a_secret_open_or_among_its_words_THEN_the_search_finds_it(
    leak: str, tmp_path: Path
) -> None:
    witness = Witness(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", f"told = input(); {leak}; print('ready', flush=True); input()"],
        env={"HOME": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(f"{VALUE}\n")
        program.stdin.flush()
        assert program.stdout.readline() == "ready\n"
        witness(SeenRequest("GET", "/", "s3", None, ""))
        program.stdin.write("\n")

    assert witness.found
    assert program.returncode == 0


@pytest.mark.parametrize("way", ["file", "binary", "stdin", "prompt"])
def test_WHEN_a_value_is_stored_and_read_THEN_it_is_nowhere_else(way: str, stage: Stage) -> None:
    stage.run("secrets", "create", stage.name, "--file", "older", "--yes")
    put = ["secrets", "put", stage.name, "--yes"]
    match way:
        case "file":
            stage.run(*put, "--file", "value")
        case "binary":
            stage.run(*put, "--file", "value", "--binary")
        case "stdin":
            stage.run(*put, "--stdin", stdin=VALUE)
        case "prompt":
            stage.ask(*put, value=VALUE)

    assert stage.run("secrets", "get", stage.name, tells=True) == VALUE
    recorded = stage.recording.read_text(encoding="utf-8")
    assert "PutSecretValue" in recorded
    assert "GetSecretValue" in recorded
    assert stage.name in stage.run("runs", "export", "last", is_aws=False)


@pytest.mark.parametrize("way", ["file", "prompt"])
def test_WHEN_a_value_is_planned_and_applied_later_THEN_it_is_not_in_the_plan(way: str, stage: Stage) -> None:
    plan = str(stage.witness.home / "plan")
    stage.run("secrets", "create", stage.name, "--file", "older", "--yes")
    put = ["secrets", "put", stage.name, "--plan-out", plan]

    if way == "file":
        stage.run(*put, "--file", "value")
        stage.run("apply", plan, "--yes")
    else:
        stage.ask(*put, value=VALUE)
        stage.ask("apply", plan, "--yes", value=VALUE)

    assert stage.run("secrets", "get", stage.name, tells=True) == VALUE
    stage.run("plan", "show", plan, is_aws=False)
    stage.run("undo", "last", "--yes")
    assert stage.run("secrets", "get", stage.name, tells=True) == OLDER


def test_WHEN_the_answer_is_lost_AND_the_run_goes_on_THEN_the_value_was_not_kept_meanwhile(
    stage: Stage,
) -> None:
    stage.witness.fault = lambda request: Hangup() if request.operation == "CreateSecret" else None
    stage.run("secrets", "create", stage.name, "--file", "value", "--yes", exit_code=4)
    stage.witness.fault = lambda _: None

    stage.run("runs", "resume", "last", "--failed", is_aws=False)

    assert stage.run("secrets", "get", stage.name, tells=True) == VALUE
    stage.run("runs", "export", "last", is_aws=False)


@pytest.mark.parametrize("status", [400, 500])
def test_WHEN_AWS_repeats_the_value_in_its_refusal_THEN_it_is_taken_out_everywhere(
    status: int, stage: Stage
) -> None:
    message = f"Value '{VALUE}' at 'secretString' is not liked, nor are {ROLE_SECRET} and {ROLE_TOKEN}"
    refusal = Answer(status, json.dumps({"__type": "ValidationException", "message": message}).encode())
    stage.witness.fault = lambda request: refusal if request.operation == "CreateSecret" else None

    stage.run("secrets", "create", stage.name, "--file", "value", "--yes", exit_code=4)

    stage.run("runs", "export", "last", is_aws=False)
