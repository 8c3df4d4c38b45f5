from tests.conformance.stage import Stage, fresh, runs

POSTGRES = {"Engine": "postgres", "DBInstanceClass": "db.t3.micro", "AllocatedStorage": 20}
MASTER = {"MasterUsername": "orders", "MasterUserPassword": "correct-horse"}


def instance_of(stage: Stage) -> str:
    name = fresh("db")
    stage.root.get_rds().create_db_instance(DBInstanceIdentifier=name, **POSTGRES, **MASTER)  # type: ignore[arg-type]
    return name


def cluster_of(stage: Stage) -> str:
    name = fresh("cluster")
    stage.root.get_rds().create_db_cluster(DBClusterIdentifier=name, Engine="aurora-postgresql", **MASTER)
    return name


def status_of(stage: Stage, name: str) -> str:
    (found,) = stage.root.get_rds().describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    return found["DBInstanceStatus"]


def cluster_status_of(stage: Stage, name: str) -> str:
    (found,) = stage.root.get_rds().describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
    return found["Status"]


def snapshot_of(stage: Stage) -> tuple[str, str]:
    database, snapshot = instance_of(stage), fresh("snapshot")
    stage.root.get_rds().create_db_snapshot(DBInstanceIdentifier=database, DBSnapshotIdentifier=snapshot)
    return database, snapshot


def tags_of(stage: Stage, name: str) -> dict[str, str]:
    rds = stage.root.get_rds()
    (found,) = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    tags = rds.list_tags_for_resource(ResourceName=found["DBInstanceArn"])["TagList"]
    return {tag["Key"]: tag["Value"] for tag in tags}


@runs("rds list")
def list_(stage: Stage) -> None:
    instance, cluster = instance_of(stage), cluster_of(stage)
    kinds = {row["database"]: row["kind"] for row in stage.rows()}
    assert kinds[instance] == "instance"
    assert kinds[cluster] == "cluster"
    assert instance not in [row["database"] for row in stage.rows("--kind", "cluster")]


@runs("rds show")
def show(stage: Stage) -> None:
    name = instance_of(stage)
    (row,) = stage.rows(name)
    assert (row["identifier"], row["engine"]) == (name, "postgres")
    assert "absent" in stage.run("absent", exit_code=4).stderr


@runs("rds stop")
def stop(stage: Stage) -> None:
    instance, cluster = instance_of(stage), cluster_of(stage)
    assert stage.changes(instance, cluster) == ["applied", "applied"]
    assert status_of(stage, instance) == "stopped"
    assert cluster_status_of(stage, cluster) == "stopped"
    assert stage.changes(instance) == ["unchanged"]


@runs("rds start")
def start(stage: Stage) -> None:
    instance, cluster = instance_of(stage), cluster_of(stage)
    stage.root.get_rds().stop_db_instance(DBInstanceIdentifier=instance)
    stage.root.get_rds().stop_db_cluster(DBClusterIdentifier=cluster)
    assert stage.changes(instance, cluster) == ["applied", "applied"]
    assert status_of(stage, instance) == "available"
    assert cluster_status_of(stage, cluster) == "available"
    assert stage.changes(instance) == ["unchanged"]


@runs("rds reboot")
def reboot(stage: Stage) -> None:
    assert stage.changes(instance_of(stage)) == ["applied"]


@runs("rds wait")
def wait(stage: Stage) -> None:
    name = instance_of(stage)
    (row,) = stage.rows(name, "--state", "available")
    assert (row["database"], row["status"]) == (name, "available")
    late = stage.run(name, "--state", "stopped", "--timeout", "1", "--interval", "1", exit_code=7)
    assert name in late.stderr


@runs("rds endpoints")
def endpoints(stage: Stage) -> None:
    name = instance_of(stage)
    assert any(row["port"] for row in stage.rows(name))


@runs("rds snapshots list")
def snapshots_list(stage: Stage) -> None:
    database, snapshot = snapshot_of(stage)
    assert [row["snapshot"] for row in stage.rows(database)] == [snapshot]


@runs("rds snapshots create")
def snapshots_create(stage: Stage) -> None:
    database, snapshot = instance_of(stage), fresh("snapshot")
    assert stage.changes(database, snapshot) == ["applied"]
    found = stage.root.get_rds().describe_db_snapshots(DBInstanceIdentifier=database)["DBSnapshots"]
    assert [each["DBSnapshotIdentifier"] for each in found] == [snapshot]
    cluster, of_cluster = cluster_of(stage), fresh("snapshot")
    assert stage.changes(cluster, of_cluster) == ["applied"]
    stage.root.get_rds().describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=of_cluster)


@runs("rds snapshots delete")
def snapshots_delete(stage: Stage) -> None:
    database, snapshot = snapshot_of(stage)
    assert stage.changes(snapshot) == ["applied"]
    left = stage.root.get_rds().describe_db_snapshots(DBInstanceIdentifier=database)["DBSnapshots"]
    assert left == []


@runs("rds tags get")
def tags_get(stage: Stage) -> None:
    name = fresh("db")
    stage.root.get_rds().create_db_instance(  # type: ignore[call-overload]
        DBInstanceIdentifier=name, Tags=[{"Key": "team", "Value": "ops"}], **POSTGRES, **MASTER
    )
    (row,) = stage.rows(name)
    assert (row["name"], row["value"]) == ("team", "ops")


@runs("rds tags set")
def tags_set(stage: Stage) -> None:
    name = instance_of(stage)
    assert stage.changes(name, "team=ops") == ["applied"]
    assert tags_of(stage, name) == {"team": "ops"}
