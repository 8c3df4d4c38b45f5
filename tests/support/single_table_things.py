"""A table with users, claims of e-mail addresses, rewards, and orders of many tenants."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from uuid import UUID

from aws_interactions.single_table import IndexKey, Model, SecondaryIndex, SingleTable


class Rank(StrEnum):
    BRONZE = "bronze"
    GOLD = "gold"


class Level(Enum):
    LOW = 1
    HIGH = 2


@dataclass(frozen=True, slots=True)
class Address:
    street: str
    since: datetime
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class User:
    user_id: str
    email: str | None
    name: str
    status: Rank = Rank.BRONZE
    address: Address | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    email: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Reward:
    user_id: str
    kind: str
    place: int
    points: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Order:
    tenant_id: str
    customer: str
    number: int
    state: str = "open"
    total: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Everything:
    key: UUID
    text: str
    whole: int
    exact: Decimal
    inexact: float
    moment: datetime
    raw: bytes
    flag: bool
    rank: Rank
    level: Level
    address: Address
    addresses: list[Address]
    places: tuple[int, ...]
    tags: set[str]
    moments: frozenset[datetime]
    levels: set[Level]
    blobs: set[bytes]
    prices: set[Decimal]
    counts: dict[str, list[int | None]]
    maybe: UUID | None
    nested: Address | None


NOW = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)

APP = SingleTable(
    "app",
    indexes=(
        SecondaryIndex("by_email", "email_pk"),
        SecondaryIndex("by_state", "state_pk", "state_sk"),
        SecondaryIndex("by_points", "pk", "points_sk"),
    ),
)
USERS = Model(
    of=User,
    table=APP,
    entity_type="user",
    partition="USER#{user_id}",
    sort="PROFILE",
    indexes={"by_email": IndexKey("EMAIL#{email}")},
    version="version",
)
CLAIMS = Model(of=Claim, table=APP, entity_type="claim", partition="EMAIL#{email}", sort="CLAIM")
REWARDS = Model(
    of=Reward,
    table=APP,
    entity_type="reward",
    partition="USER#{user_id}",
    sort="REWARD#{kind}#{place:04d}",
    indexes={"by_points": IndexKey("USER#{user_id}", "POINTS#{place:08d}")},
)
ORDERS = Model(
    of=Order,
    table=APP,
    entity_type="order",
    partition="CUSTOMER#{customer}",
    sort="ORDER#{number:06d}",
    indexes={"by_state": IndexKey("STATE#{state}", "{customer}#{number:06d}")},
    tenant="tenant_id",
)
EVERYTHING = Model(of=Everything, table=APP, entity_type="everything", partition="{key}", sort="{moment}")
