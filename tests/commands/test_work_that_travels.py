import re
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.provider_specification import CantTravel
from aws_operations.cluster.named_operations import NamedOperation
from aws_operations.cluster.tasks import SOFTWARE, Errand, ReadTask, run_read
from commands.app import Invocation
from commands.command_tree import every_verb
from commands.root import root
from commands.shapes import MakingWork, Shape, WatchedWork
from tests.commands.command_cases import CASES, NOT_IN_THE_SANDBOX

# Files, input and values of this machine.
STAY_HERE = {"s3 put", "dynamodb batch-get", "dynamodb batch-write", "secrets create", "secrets put"}
# These do work of their own in each target.
OWN_WORK = {"fleet show", "fleet check", "fleet list"}
WORDS = [
    words
    for words, verb in every_verb()
    if words in CASES and verb.shape in {Shape.ROWS, Shape.CHANGES} and words not in OWN_WORK
]


def work_of(words: str, directory: Path) -> Any:
    """Return what the body of a command gives to the runner."""
    given: list[Any] = []
    file = directory / "file.txt"
    file.write_text('{"order": "o-1"}', encoding="utf-8")
    new = f"new-{uuid.uuid4().hex[:12]}"
    filled = [part.format(new=new, file=file, folder=directory) for part in CASES[words]]

    def note(_: object, work: object, *__: object) -> int:
        given.append(work)
        return 0

    done = CliRunner().invoke(root, [*words.split(), *filled], obj=Invocation(runner=note))
    assert given, done.output
    work = given[0]
    return work.planner if isinstance(work, MakingWork | WatchedWork) else work


@pytest.mark.parametrize(
    "words", [words for words in WORDS if words not in STAY_HERE | NOT_IN_THE_SANDBOX.keys()]
)
def test_WHEN_the_work_of_a_command_travels_THEN_it_comes_to_the_same_as_here(
    words: str, tmp_path: Path, sandbox_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox-home")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox-home-secret")
    work = work_of(words, tmp_path)
    provider = AwsClientProvider(aws_region="us-east-1", endpoint_url=sandbox_endpoint).read_only()
    errand = Errand(uuid.uuid4().hex, SOFTWARE, provider.specification().to_json(), "123456789012")

    answer = run_read(ReadTask(errand, NamedOperation.of(work)))

    assert answer.error is None
    # Segments of a table are read side by side.
    assert sorted(steady(words, answer.rows())) == sorted(steady(words, work(provider)))


def steady(words: str, rows: Iterable[object]) -> list[str]:
    """Give rows without what time does to them: how long it took, and dates that the sandbox gives anew."""
    timeless = [re.sub(r"\bseconds=[0-9.e-]+", "seconds", repr(row)) for row in rows]
    if words != "secrets versions":
        return timeless
    return [re.sub(r"datetime\([^)]*tz", "datetime(tz", row) for row in timeless]


@pytest.mark.parametrize("words", sorted(STAY_HERE))
def test_WHEN_the_work_of_a_command_needs_this_machine_THEN_it_stays(words: str, tmp_path: Path) -> None:
    with pytest.raises(CantTravel):
        NamedOperation.of(work_of(words, tmp_path))
