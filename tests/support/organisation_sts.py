"""An STS for a whole organisation: lets into most accounts, and elsewhere into some."""

from dataclasses import dataclass, field

from tests.aws_interactions.loopback_servers import Answer, FakeSts


@dataclass
class OrganisationSts(FakeSts):
    """``denied`` accounts let nobody in; sessions of a role in ``landing``'s keys are those of its values."""

    denied: frozenset[str] = frozenset()
    landing: dict[str, str] = field(default_factory=dict)

    def _assume_role(self, asked: dict[str, str]) -> Answer:
        account = asked["RoleArn"].split(":")[4]
        message = f"not authorized to perform sts:AssumeRole on {asked['RoleArn']}"
        self.refusal = ("AccessDenied", message) if account in self.denied else None
        self.lands_in = self.landing.get(account)
        return super()._assume_role(asked)
