"""Users, their e-mail addresses and their rewards in one table: users.py makes it, and shows what it can.

A user is found by id, and by e-mail address through an index. An index cannot hold that an address is
taken once; so whoever takes one writes a claim of it in the same transaction. Rewards stand in their user's
partition.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from aws_interactions import dynamodb_interactions as dynamodb, single_table
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.dynamodb_interactions import TransactionCancelled
from aws_interactions.single_table import IndexKey, Model, SecondaryIndex, SingleTable


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who has signed up; ``version`` counts how often this was written."""

    user_id: str
    email: str
    name: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class EmailClaim:
    """Says whose an address is: there is one item for each address."""

    email: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Reward:
    """Points of a campaign."""

    user_id: str
    campaign: str
    earned_at: datetime
    points: int


TABLE = SingleTable("app-users", indexes=(SecondaryIndex("by_email", "email_pk"),))
USERS = Model(
    of=User,
    table=TABLE,
    entity_type="user",
    partition="USER#{user_id}",
    sort="PROFILE",
    indexes={"by_email": IndexKey("EMAIL#{email}")},
    version="version",
)
CLAIMS = Model(of=EmailClaim, table=TABLE, entity_type="email", partition="EMAIL#{email}", sort="CLAIM")
REWARDS = Model(
    of=Reward,
    table=TABLE,
    entity_type="reward",
    partition="USER#{user_id}",
    sort="REWARD#{campaign}#{earned_at}",
)


class EmailTaken(Exception):
    """The address belongs to somebody else; nothing was written."""


def register(user: User, aws_provider: AwsClientProvider) -> User:
    """Write a new user, and that the address is taken."""
    put = single_table.to_put(USERS, user)
    claim = single_table.to_put(CLAIMS, EmailClaim(user.email, user.user_id))
    try:
        single_table.transact([put, claim], aws_provider)
    except TransactionCancelled as error:
        if error.reasons[1].code == "ConditionalCheckFailed":
            raise EmailTaken(user.email) from error
        raise
    return put.record


def change_email(user: User, email: str, aws_provider: AwsClientProvider) -> None:
    """Give a user another address, and the old one free."""
    single_table.transact(
        [
            single_table.to_update(USERS, {"user_id": user.user_id}, {"email": email}, version=user.version),
            single_table.to_put(CLAIMS, EmailClaim(email, user.user_id)),
            single_table.to_delete(CLAIMS, {"email": user.email}),
        ],
        aws_provider,
    )


def user_by_email(email: str, aws_provider: AwsClientProvider) -> User | None:
    """Return the user with the address; the index may be a moment behind."""
    return next(single_table.query(USERS, {"email": email}, aws_provider, index="by_email", limit=1), None)


def rewards_of(user: User, campaign: str, aws_provider: AwsClientProvider) -> list[Reward]:
    """Return the user's rewards of a campaign, the newest first."""
    found = single_table.query(
        REWARDS,
        {"user_id": user.user_id},
        aws_provider,
        begins_with={"campaign": campaign},
        reverse=True,
    )
    return list(found)


def main() -> None:
    """Make the table, and show what it can."""
    aws_provider = AwsClientProvider()
    dynamodb.create_table(TABLE.spec(), aws_provider)
    dynamodb.wait_for_table(TABLE.name, "active", aws_provider)
    ada = register(User("u-1", "ada@example.org", "Ada"), aws_provider)
    try:
        register(User("u-2", "ada@example.org", "Bob"), aws_provider)
    except EmailTaken as error:
        print(f"taken: {error}")
    change_email(ada, "ada@new.example.org", aws_provider)
    register(User("u-2", "ada@example.org", "Bob"), aws_provider)
    for email in ("ada@new.example.org", "ada@example.org", "nobody@example.org"):
        print(email, user_by_email(email, aws_provider))
    days = {"spring": (3, 9), "spring-sale": (5,), "summer": (1,)}
    rewards = [
        Reward("u-1", campaign, datetime(2026, 4, day, tzinfo=UTC), day * 10)
        for campaign, of_campaign in days.items()
        for day in of_campaign
    ]
    single_table.batch_put(REWARDS, rewards, aws_provider)
    for reward in rewards_of(ada, "spring", aws_provider):
        print(f"{reward.campaign} {reward.earned_at:%d %B} {reward.points}")


if __name__ == "__main__":
    main()
