"""A command: it parses, makes its provider, calls one function, shows the result, and nothing else."""

import sys
from typing import NoReturn

import click
from botocore.exceptions import BotoCoreError, ClientError

from core.aws_client_provider import AwsClientProvider
from core.aws_errors import AwsInteractionError, CredentialsProblem, InvalidInput
from example_service.s3_wrapper import BucketStatus, get_bucket_status

EXIT_CONFIGURATION = 3
EXIT_REFUSED = 4


@click.command()
@click.argument("bucket_name")
@click.option("--profile", "aws_profile", help="An AWS profile; else botocore's standard chain.")
@click.option("--region", "aws_region", help="The region; else the environment's or the profile's.")
@click.option("--aws-compute", is_flag=True, help="Act as the instance, container or function.")
@click.option("--assume-role-arn", help="A role to assume with these credentials.")
@click.option("--external-id", help="What the role's trust policy asks for, if anything.")
@click.option("--endpoint-url", help="Another endpoint for every service, such as a local server.")
def check_bucket(
    *,
    bucket_name: str,
    aws_profile: str | None,
    aws_region: str | None,
    aws_compute: bool,
    assume_role_arn: str | None,
    external_id: str | None,
    endpoint_url: str | None,
) -> None:
    """Say whether BUCKET_NAME is there and open to the caller.

    Exit code 0: it is. 3: who to act as, or where, is missing or wrong, in an option, a variable or a
    profile. 4: it is not there, it is closed, or AWS refused to say.
    """
    try:
        aws_provider = AwsClientProvider(
            aws_profile,
            aws_region,
            aws_compute,
            assume_role_arn,
            external_id=external_id,
            is_read_only=True,
            endpoint_url=endpoint_url,
        )
    except InvalidInput as problem:
        _fail(problem, EXIT_CONFIGURATION)
    try:
        status = get_bucket_status(bucket_name, aws_provider)
    except CredentialsProblem as problem:
        _fail(problem, EXIT_CONFIGURATION)
    except (AwsInteractionError, BotoCoreError, ClientError) as problem:
        _fail(problem, EXIT_REFUSED)
    click.echo(f"{_visible(bucket_name)}\t{status}")
    if status is not BucketStatus.EXISTS_HAVE_ACCESS:
        sys.exit(EXIT_REFUSED)


def _fail(problem: Exception, exit_code: int) -> NoReturn:
    one_line = " ".join(str(problem).split())
    click.echo(f"Error: {_visible(one_line)}", err=True)
    sys.exit(exit_code)


def _visible(text: str) -> str:
    """Return the text with escapes for what would move a terminal's cursor or turn its text round."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


if __name__ == "__main__":
    check_bucket()
