"""Which kind a modelled error is: who backs off, gives up or asks again decides by it."""

from pathlib import Path

import pytest
from botocore.retries.standard import ThrottledRetryableChecker

from aws_operations.scaffold.error_kinds import error_kind
from aws_operations.scaffold.service_design import ErrorDesign, design_service
from tests.support.small_models import loader_of, structure

BOTOCORES: list[str] = vars(ThrottledRetryableChecker)["_THROTTLED_ERROR_CODES"]
# A quota in most services, and a wrong state: waiting alone helps with neither.
NO_MATTER_OF_RATE = frozenset({"LimitExceededException", "TransactionInProgressException"})


def error_of(service: str, operation: str, class_name: str) -> ErrorDesign:
    return {each.class_name: each for each in design_service(service, [operation]).errors}[class_name]


@pytest.mark.parametrize("code", sorted({*BOTOCORES} - NO_MATTER_OF_RATE))
def test_WHEN_botocore_takes_a_code_for_throttling_THEN_so_does_the_kind(code: str) -> None:
    assert error_kind(code, 400) == "Throttled"


@pytest.mark.parametrize(
    ("service", "operation", "error", "kind"),
    [
        ("dynamodb", "PutItem", "ProvisionedThroughputExceededException", "Throttled"),
        ("kinesis", "PutRecord", "ProvisionedThroughputExceededException", "Throttled"),
        ("kinesis", "ListStreams", "LimitExceededException", "Throttled"),
        ("iam", "CreateUser", "LimitExceededException", "Conflict"),
        ("lambda", "Invoke", "ENILimitReachedException", "Conflict"),
        ("kms", "Decrypt", "DependencyTimeoutException", "Unavailable"),
        ("glue", "GetTable", "OperationTimeoutException", "Unavailable"),
        ("sqs", "ReceiveMessage", "OverLimit", "Conflict"),
        ("cloudfront", "CreateDistribution", "TooManyDistributions", "Conflict"),
        ("sqs", "SendMessageBatch", "TooManyEntriesInBatchRequest", "InvalidInput"),
        ("dynamodb", "PutItem", "ConditionalCheckFailedException", "Conflict"),
        ("dynamodb", "TransactWriteItems", "TransactionCanceledException", "Conflict"),
        ("wafv2", "UpdateIPSet", "WAFOptimisticLockException", "Conflict"),
        ("rds", "StopDBInstance", "InvalidDBInstanceStateFault", "Conflict"),
        ("route53", "DeleteHostedZone", "HostedZoneNotEmpty", "Conflict"),
        ("sqs", "CreateQueue", "QueueDeletedRecently", "Conflict"),
        ("kms", "Encrypt", "DisabledException", "Conflict"),
        ("cognito-idp", "CreateGroup", "GroupExistsException", "AlreadyExists"),
        ("autoscaling", "CreateAutoScalingGroup", "AlreadyExistsFault", "AlreadyExists"),
        ("redshift", "CopyClusterSnapshot", "ClusterSnapshotNotFoundFault", "NotFound"),
        ("lambda", "PublishVersion", "CodeStorageExceededException", "Conflict"),
        ("dsql", "CreateCluster", "ServiceQuotaExceededException", "Conflict"),
        ("sns", "Publish", "KMSOptInRequired", "AccessDenied"),
        ("appconfig", "CreateApplication", "BadRequestException", "InvalidInput"),
    ],
)
def test_WHEN_an_error_is_about_rate_quota_state_or_time_THEN_its_kind_says_which(
    service: str, operation: str, error: str, kind: str
) -> None:
    assert error_of(service, operation, error).kind == kind


def test_WHEN_the_model_marks_an_error_as_throttling_THEN_its_name_does_not_matter(tmp_path: Path) -> None:
    shapes = {"Busy": {**structure(), "exception": True, "retryable": {"throttling": True}}}
    operations = {"DoIt": {"input": {"shape": "Input"}, "errors": [{"shape": "Busy"}]}}
    design = design_service("tiny", ["DoIt"], loader_of(tmp_path, shapes, operations=operations))
    assert [each.kind for each in design.errors] == ["Throttled"]


def test_WHEN_an_error_has_the_sentence_of_another_THEN_it_is_left_out() -> None:
    disabled = error_of("sqs", "SendMessage", "KmsDisabled")
    assert disabled.kind != "Throttled"
    assert "throttl" not in disabled.documentation
