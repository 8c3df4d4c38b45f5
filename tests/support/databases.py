"""Databases for tests: real ones in moto, and what AWS would say of made-up ones."""

from typing import Any

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.testing import FakeClient

_USER: dict[str, Any] = {"MasterUsername": "someone", "MasterUserPassword": "not-a-secret"}


def make_instance(aws_provider: AwsClientProvider, name: str = "orders", **more: Any) -> None:
    usual = {
        "Engine": "postgres",
        "DBInstanceClass": "db.t4g.micro",
        "AllocatedStorage": 20,
        **_USER,
    }
    aws_provider.get_rds().create_db_instance(DBInstanceIdentifier=name, **{**usual, **more})


def make_cluster(aws_provider: AwsClientProvider, name: str = "reports") -> None:
    client = aws_provider.get_rds()
    client.create_db_cluster(DBClusterIdentifier=name, Engine="aurora-postgresql", **_USER)
    client.create_db_instance(
        DBInstanceIdentifier=f"{name}-1",
        Engine="aurora-postgresql",
        DBInstanceClass="db.t4g.medium",
        DBClusterIdentifier=name,
    )


def instance(name: str, status: str = "available", **more: Any) -> dict[str, Any]:
    return {"DBInstanceIdentifier": name, "DBInstanceStatus": status, "Engine": "postgres", **more}


def cluster(name: str, status: str = "available", **more: Any) -> dict[str, Any]:
    return {"DBClusterIdentifier": name, "Status": status, "Engine": "aurora-mysql", **more}


def only(*, instances: list[Any] | None = None, clusters: list[Any] | None = None) -> FakeClient:
    """Return a client that finds just these, whoever is asked for."""
    client = FakeClient("rds")
    if instances:
        client.answers("describe_db_instances", {"DBInstances": instances})
    else:
        client.raises("describe_db_instances", code="DBInstanceNotFound")
    if clusters:
        client.answers("describe_db_clusters", {"DBClusters": clusters})
    else:
        client.raises("describe_db_clusters", code="DBClusterNotFoundFault")
    return client
