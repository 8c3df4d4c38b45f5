"""The same operation on more than one machine: the workers of a Dask cluster.

``Cluster`` is the way in. What travels is the specification of a provider, the importable name of an
operation and its plain arguments; workers find credentials and assume roles by themselves. Nothing here
loads Dask before a cluster is opened.
"""

from aws_operations.cluster.cluster_errors import (
    ClusterError,
    ClusterLost,
    ClusterUnusable,
    KindStaysHere,
    WorkerFailed,
)
from aws_operations.cluster.engine import Cluster, refuse_kinds_that_stay

__all__ = [
    "Cluster",
    "ClusterError",
    "ClusterLost",
    "ClusterUnusable",
    "KindStaysHere",
    "WorkerFailed",
    "refuse_kinds_that_stay",
]
