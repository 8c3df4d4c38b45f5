"""Every registered command against ministack with real IAM; those of DynamoDB against dynalite too."""

from pathlib import Path

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from commands.command_tree import every_verb
from tests.conformance.command_runs import NOT_AGAINST_DYNALITE, NOT_AGAINST_MINISTACK
from tests.conformance.stage import RUNS, Account, Stage, variables_of

AWS_VERBS = sorted(words for words, verb in every_verb() if verb.takes_identity)
ON_MINISTACK = [words for words in AWS_VERBS if words in RUNS and words not in NOT_AGAINST_MINISTACK]
ON_DYNALITE = [
    words
    for words in AWS_VERBS
    if words.startswith("dynamodb ") and words in RUNS and words not in NOT_AGAINST_DYNALITE
]


def test_WHEN_a_command_is_registered_THEN_it_has_a_run_or_a_reason_here() -> None:
    assert sorted({*RUNS, *NOT_AGAINST_MINISTACK}) == AWS_VERBS
    assert all(NOT_AGAINST_MINISTACK.values())
    assert all(NOT_AGAINST_DYNALITE.values())


@pytest.mark.parametrize("words", ON_MINISTACK)
def test_WHEN_a_command_runs_under_real_iam_THEN_it_has_its_effect(
    words: str,
    home_account: Account,
    operator: tuple[str, AccessKeys],
    ministack_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    environment = {**ministack_environment, **variables_of(operator[1])}
    root = home_account.root
    RUNS[words](Stage(words, environment, root, root.get_dynamodb(), tmp_path))


@pytest.mark.parametrize("words", ON_DYNALITE)
def test_WHEN_a_command_of_dynamodb_runs_against_dynalite_THEN_it_has_its_effect(
    words: str,
    home_account: Account,
    operator: tuple[str, AccessKeys],
    dynalite_environment: dict[str, str],
    dynalite_provider: AwsClientProvider,
    tmp_path: Path,
) -> None:
    environment = {**dynalite_environment, **variables_of(operator[1])}
    RUNS[words](Stage(words, environment, home_account.root, dynalite_provider.get_dynamodb(), tmp_path))
