"""What EC2 knows of instances, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self


class InstanceState(StrEnum):
    """The state of an instance.

    A word that AWS adds one day is a state too: ``InstanceState("resting")`` keeps it as its value, has
    the name ``UNKNOWN`` and is not ``is_known``. Compare states with ``==``.
    """

    PENDING = "pending"
    RUNNING = "running"
    SHUTTING_DOWN = "shutting-down"
    TERMINATED = "terminated"
    STOPPING = "stopping"
    STOPPED = "stopped"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = "UNKNOWN"
        unknown._value_ = value
        return unknown

    @property
    def is_known(self) -> bool:
        """Whether it is one of the states that this library knows."""
        return self._name_ != "UNKNOWN"

    @property
    def is_live(self) -> bool:
        """Whether the instance is neither terminated nor on the way there."""
        return self not in {InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED}


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance; ``name`` is its tag ``Name``, ``launched_at`` an aware UTC datetime.

    What an instance does not have, or no longer has (a terminated one has no addresses), is ``None``.
    """

    instance_id: str
    name: str | None
    state: InstanceState
    instance_type: str | None
    az: str | None
    private_ip: str | None
    public_ip: str | None
    vpc_id: str | None
    subnet_id: str | None
    image_id: str | None
    key_name: str | None
    instance_profile_arn: str | None
    launched_at: datetime | None
    state_reason: str | None
    security_group_ids: tuple[str, ...]
    tags: Mapping[str, str]
