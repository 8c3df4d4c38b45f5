"""The policy that a recording gives: it suffices for the same run, and without any statement it does not.

Each run is recorded as somebody who may do everything; then somebody else has the policy and nothing more.
What IAM of ministack does not look at is in ``docs/not_run_against_aws.md``.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from string import Template
from subprocess import CompletedProcess
from typing import Any

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from tests.conformance.policy_scenarios import ITEM, SCENARIOS, Names, Scenario, empty_table, table
from tests.conformance.stage import ANYTHING, Account, fresh, policy, trust_in, variables_of
from tests.conformance.tables import make_table
from tests.support.program import run_program


@dataclass(frozen=True)
class Stage:
    """A scenario with its names, in a folder."""

    scenario: Scenario
    names: Names
    root: AwsClientProvider
    environment: Mapping[str, str]
    folder: Path

    def run(self, keys: AccessKeys, *options: str) -> list[CompletedProcess[str]]:
        """Do the run from the start as somebody, and stop at the first line that fails."""
        self.scenario.reset(self.root, self.names)
        done: list[CompletedProcess[str]] = []
        for line in self.scenario.lines:
            words = shlex.split(Template(line).substitute(self.names))
            environment = {**self.environment, **variables_of(keys)}
            done.append(
                run_program([*words, *options], environment, stdin=self.scenario.stdin, cwd=self.folder)
            )
            if done[-1].returncode:
                break
        return done

    def document(self, *options: str) -> str:
        """Return the policy of the recording, as it is printed."""
        words = ["policy", "from", "calls.jsonl", *options]
        made = run_program(words, self.environment, cwd=self.folder)
        assert made.returncode == 0, made.stderr
        assert "warning" not in made.stderr.lower()
        return made.stdout

    def statements(self, *options: str) -> list[dict[str, Any]]:
        """Return the statements of the policy."""
        return list(json.loads(self.document(*options))["Statement"])


@pytest.mark.parametrize("name", SCENARIOS)
def test_WHEN_a_run_was_recorded_THEN_its_policy_suffices_AND_no_statement_can_be_left_out(
    name: str,
    home_account: Account,
    operator: tuple[str, AccessKeys],
    ministack_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    (tmp_path / "file.txt").write_text("content", encoding="utf-8")
    scenario, root = SCENARIOS[name], home_account.root
    stage = Stage(scenario, scenario.make(root), root, ministack_environment, tmp_path)
    recorded = stage.run(operator[1], "--record", "calls.jsonl")
    assert [each.returncode for each in recorded] == [0] * len(scenario.lines), recorded[-1].stderr

    statements = [as_ministack_asks(each, scenario) for each in stage.statements()]
    arn, keys = home_account.make_user()
    allow = partial(allow_only, root, arn.rpartition("/")[2])

    allow(statements)
    with_all = stage.run(keys)
    assert [each.returncode for each in with_all] == [0] * len(scenario.lines), with_all[-1].stderr
    assert [outcome(each) for each in with_all] == [outcome(each) for each in recorded]
    for left_out in statements:
        if not scenario.overlooked.issuperset(left_out["Action"]):
            allow([each for each in statements if each is not left_out])
            assert stage.run(keys)[-1].returncode == 4, left_out


def as_ministack_asks(statement: Mapping[str, Any], scenario: Scenario) -> Mapping[str, Any]:
    if scenario.unscoped.isdisjoint(statement["Action"]):
        return statement
    assert "*" not in statement["Resource"]
    return {**statement, "Resource": ["*"]}


def outcome(done: CompletedProcess[str]) -> list[str]:
    """Return the first word of each line: what became of changes; the rest may have new ids."""
    return [line.partition("\t")[0] for line in done.stdout.splitlines()]


def allow_only(root: AwsClientProvider, user: str, statements: Sequence[Mapping[str, Any]]) -> None:
    iam = root.get_iam()
    if statements:
        iam.put_user_policy(UserName=user, PolicyName="from", PolicyDocument=policy(*statements))
    else:
        iam.delete_user_policy(UserName=user, PolicyName="from")


def test_WHEN_a_role_was_assumed_THEN_it_and_who_assumed_it_have_policies_of_their_own_AND_both_suffice(
    home_account: Account,
    operator: tuple[str, AccessKeys],
    ministack_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    root = home_account.root
    scenario = Scenario(table, (f"dynamodb put $table {ITEM} --yes",), empty_table)
    stage = Stage(scenario, scenario.make(root), root, ministack_environment, tmp_path)
    role = home_account.make_role(trust_in(f"arn:aws:iam::{home_account.number}:root"), ANYTHING)
    as_role = ("--assume-role-arn", role)
    (done,) = stage.run(operator[1], *as_role, "--record", "calls.jsonl")
    assert done.returncode == 0, done.stderr

    of_role = stage.statements()
    whose = run_program(["policy", "from", "calls.jsonl"], stage.environment, cwd=tmp_path).stderr
    assert whose.startswith(f"the policy of {role}; ")
    base = whose.rpartition(": ")[2].strip()
    of_base = stage.statements("--identity", base)
    assert of_base == [{"Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": [role]}]

    iam = root.get_iam()
    arn, keys = home_account.make_user()
    allow_only(root, arn.rpartition("/")[2], of_base)
    role_name = role.rpartition("/")[2]
    iam.put_role_policy(RoleName=role_name, PolicyName="what", PolicyDocument=stage.document())
    (done,) = stage.run(keys, *as_role)
    assert done.returncode == 0, done.stderr
    assert len(of_role) == 1
    iam.delete_role_policy(RoleName=role_name, PolicyName="what")
    assert stage.run(keys, *as_role)[-1].returncode == 4
    allow_only(root, arn.rpartition("/")[2], [])
    assert stage.run(keys, *as_role)[-1].returncode == 4


def test_WHEN_several_accounts_are_checked_AND_one_may_not_THEN_each_is_asked_about_its_own_ARNs(
    home_account: Account,
    other_account: Account,
    operator: tuple[str, AccessKeys],
    ministack_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    environment = {**ministack_environment, **variables_of(operator[1])}
    name, trust = fresh("role"), trust_in(operator[0])
    home_account.make_role(trust, ANYTHING, name=name)
    # There it may do it in another region alone.
    elsewhere = f"arn:aws:dynamodb:eu-west-1:{other_account.number}:table/*"
    may_see = {
        "Effect": "Allow",
        "Action": ["iam:*", "dynamodb:*"],
        "Resource": ["arn:aws:iam::*", elsewhere],
    }
    may_ask = {"Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*"}
    other_account.make_role(trust, may_see, may_ask, name=name)
    table_name = make_table(home_account.root)
    role = f"arn:aws:iam::{home_account.number}:role/{name}"
    scan = ["dynamodb", "scan", table_name, "--assume-role-arn", role, "--record", "calls.jsonl"]
    assert run_program(scan, environment, cwd=tmp_path).returncode == 0

    accounts = f"{home_account.number},{other_account.number}"
    words = ["policy", "check", "calls.jsonl", "--accounts", accounts, "--role-name", name]
    done = run_program([*words, "--output", "json"], environment, cwd=tmp_path)
    assert done.returncode == 5, done.stderr
    rows = json.loads(done.stdout)
    assert {(row["account"], row["resource"], row["decision"]) for row in rows} == {
        (account, f"arn:aws:dynamodb:us-east-1:{account}:table/{table_name}", decision)
        for account, decision in ((home_account.number, "allowed"), (other_account.number, "implicit_deny"))
    }
    assert "missing: dynamodb:" in done.stderr
    there = run_program([*words, "--regions", "eu-west-1"], environment, cwd=tmp_path)
    assert there.returncode == 0, there.stderr
