"""What it costs to keep changes: spooled, written to the journal, begun and finished, as a run does it.

AWS is left out: what is measured is what this project adds to each change. One process a size, so that its
peak memory is its own. The limit is for batches, as most services take them; one that is sent at a time has a
commit of its own, which survives ``kill -9``, and stands beside them.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import perf_counter

COUNT, FEW = 100_000, 10_000
BATCHED, ALONE = 25, 1
RATE_LIMIT = 20_000
GROWTH_LIMIT_MB = 10
ROUNDS = 3
_ACCOUNT, _REGION = "123456789012", "eu-west-1"


def bench_change_flow(variables: Mapping[str, str]) -> bool:
    """Print the rates and the memory; say whether the limits are kept."""
    print(f"\nchanges spooled, journaled, begun and finished; medians of {ROUNDS}")
    print(f"{'':<26}{'changes':>9}{'seconds':>9}{'a second':>10}{'peak':>9}")
    broken = []
    for size in (BATCHED, ALONE):
        few = _measured(FEW, size, variables)
        many = [_measured(COUNT, size, variables) for _ in range(ROUNDS)]
        seconds = statistics.median(taken for taken, _ in many)
        peak = max(megabytes for _, megabytes in many)
        for count, taken, megabytes in ((FEW, *few), (COUNT, seconds, peak)):
            name = f"{size} sent at a time"
            print(f"{name:<26}{count:>9,}{taken:>9.2f}{count / taken:>10,.0f}{megabytes:>6.0f} MB")
        if size == BATCHED and COUNT / seconds < RATE_LIMIT:
            broken.append(f"{COUNT / seconds:,.0f} a second")
        if peak - few[1] > GROWTH_LIMIT_MB:
            broken.append(f"{peak - few[1]:.0f} MB more for {COUNT:,} than for {FEW:,}")
    print(
        f"at least {RATE_LIMIT:,} a second in batches,"
        f" at most {GROWTH_LIMIT_MB} MB more for ten times as many: "
        + (f"NOT KEPT by {'; '.join(broken)}" if broken else "kept")
    )
    return not broken


def _measured(count: int, size: int, variables: Mapping[str, str]) -> tuple[float, float]:
    """Return seconds and peak megabytes of one process."""
    command = [sys.executable, __file__, str(count), str(size)]
    printed = subprocess.run(command, env=dict(variables), check=True, capture_output=True, text=True).stdout
    seconds, megabytes = printed.split()
    return float(seconds), float(megabytes)


def _changes(count: int) -> Iterator[object]:
    from aws_operations.changes import Change, Effect, Reversibility
    from aws_operations.targets import Target

    target = Target(_REGION, _ACCOUNT)
    for number in range(count):
        yield Change(
            kind="ec2.stop",
            target=target,
            resource=f"arn:aws:ec2:{_REGION}:{_ACCOUNT}:instance/i-{number:017x}",
            effect=Effect.UPDATE,
            before={"name": f"web-{number}", "state": "running"},
            after={"name": f"web-{number}", "state": "stopped"},
            iam_actions=("ec2:DescribeInstances", "ec2:StopInstances"),
            reversibility=Reversibility.COMPENSABLE,
        )


def _flow(count: int, size: int, folder: Path) -> None:
    from aws_operations.changes import Change, ChangeResult, ResultStatus
    from aws_operations.journal import Journal, RunToBegin
    from aws_operations.plan_spool import PlanSpool

    run = RunToBegin(
        arguments=["ec2", "stop", "tag:team=web"],
        directory=str(folder),
        settings={},
        base_account=_ACCOUNT,
        is_writing=True,
    )
    with PlanSpool() as spool, Journal(folder / "journal.sqlite3") as journal:
        spool.add(_changes(count))
        record = journal.begin(run)
        record.plan_targets(spool.targets())
        record.plan_changes(spool)
        batch: list[Change] = []
        for target in spool.targets():
            for position, change in enumerate(spool.changes_in(target), start=1):
                batch.append(change)
                if len(batch) == size or position == count:
                    record.starting(batch)
                    for begun in batch:
                        record.result(ChangeResult(begun, ResultStatus.APPLIED))
                    batch = []
        record.end()


def main() -> None:
    """Let so many changes flow and print seconds and peak megabytes."""
    import resource

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("size", type=int, help="how many are sent at a time")
    options = parser.parse_args()
    list(_changes(1))
    with tempfile.TemporaryDirectory() as folder:
        began = perf_counter()
        _flow(options.count, options.size, Path(folder))
        seconds = perf_counter() - began
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


if __name__ == "__main__":
    main()
