"""What can go wrong between this machine and the workers of a cluster."""

from aws_interactions.aws_errors import InvalidInput, Unavailable


class ClusterError(Exception):
    """Root of what makes a cluster unusable; the message says what to do next."""


class ClusterUnusable(ClusterError):
    """The scheduler or its workers cannot be used as they are; nothing was sent to AWS."""


class ClusterLost(Unavailable):
    """The scheduler, or its last worker, went away while there was work on it."""


class WorkerFailed(Unavailable):
    """A worker could not do its task at all, or died of it each time that it was tried."""


class AnswerTooLarge(Unavailable):
    """The rows of one target are more than one answer may carry."""


class FailedThere(Exception):
    """Stands for an error of a worker that cannot be made again here; the message begins with its type."""


class KindStaysHere(InvalidInput):
    """Changes of a kind may have another effect when they are made twice, as on a cluster they may be."""

    def __init__(self, kind_name: str) -> None:
        super().__init__(
            f"{kind_name} does not go to a cluster: a worker that dies may make such a change twice, or it "
            "needs a file or a value of this machine; make it from here, with --engine local or, in a "
            "resumed run, --on local"
        )
        self.kind_name = kind_name
