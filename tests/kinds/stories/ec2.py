from functools import partial
from typing import Any

from aws_interactions import ec2_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.ec2 import changes
from tests.kinds.stories.story import Story
from tests.support.ec2_things import run_instance

NAME = "web-1"


def run(aws_provider: AwsClientProvider) -> None:
    run_instance(aws_provider, Name=NAME, team="web", keep="yes")


def run_and_stop(aws_provider: AwsClientProvider) -> None:
    instance_id = run_instance(aws_provider, Name=NAME)
    aws_provider.get_ec2().stop_instances(InstanceIds=[instance_id])


def state(aws_provider: AwsClientProvider) -> list[Any]:
    found = ec2_interactions.list_instances(aws_provider)
    return [(each.instance_id, str(each.state), dict(each.tags)) for each in found]


STORIES = {
    "ec2.start": Story(partial(changes.plan_start, [NAME]), state, run_and_stop),
    "ec2.stop": Story(partial(changes.plan_stop, [NAME]), state, run),
    "ec2.reboot": Story(
        partial(changes.plan_reboot, [NAME]),
        state,
        run,
        nothing_tells="an instance that was rebooted looks like one that was not",
    ),
    "ec2.terminate": Story(partial(changes.plan_terminate, [NAME]), state, run),
    "ec2.add-tags": Story(partial(changes.plan_tag, [NAME], add={"team": "ops", "new": "1"}), state, run),
    "ec2.remove-tags": Story(partial(changes.plan_tag, [NAME], add={}, remove=["team"]), state, run),
}
