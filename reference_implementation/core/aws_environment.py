"""Where a provider acts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AwsEnvironment:
    """The account and region that calls act in, and the profile they came from if one was named."""

    aws_account: str
    aws_region: str
    aws_profile: str | None = None

    def __str__(self) -> str:
        return f"aws://{self.aws_account}/{self.aws_region}"
