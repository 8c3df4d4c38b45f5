"""The operations that a read-only provider lets through, service by service.

A list of its own, because neither name nor HTTP method tells a read: DynamoDB reads with POST, and
``s3:GetObject`` is a read where ``secretsmanager:GetSecretValue`` may be more than you want to allow.
"""

READ_OPERATIONS: dict[str, frozenset[str]] = {
    "s3": frozenset({"GetObject", "HeadBucket", "ListBuckets", "ListObjectsV2"}),
    "sts": frozenset({"GetCallerIdentity"}),
}
