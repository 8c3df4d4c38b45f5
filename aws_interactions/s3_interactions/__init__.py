"""S3: buckets, objects, files to and from them, presigned requests.

Functions take their subject first and the provider last, and ask the provider for ``get_s3()`` and
``get_aws_env()`` alone. Lists are generators. Errors are subclasses of the kinds in ``aws_errors``.

The names are loaded when first asked for: a command that looks at a bucket does not pay for uploads.
"""

from typing import TYPE_CHECKING

from aws_interactions.lazy_names import LazyNames

if TYPE_CHECKING:
    from aws_interactions.local_files import (
        CantReadFile as CantReadFile,
        CantReadFileChanged as CantReadFileChanged,
        CantReadFileDoesntExist as CantReadFileDoesntExist,
        CantReadFileLackPermission as CantReadFileLackPermission,
        CantReadFileNotRegular as CantReadFileNotRegular,
        CantWriteFile as CantWriteFile,
        CantWriteFileAlreadyExists as CantWriteFileAlreadyExists,
        CantWriteFileDirDoesntExist as CantWriteFileDirDoesntExist,
        CantWriteFileDiskFull as CantWriteFileDiskFull,
        CantWriteFileLackPermission as CantWriteFileLackPermission,
        CantWriteFileNotRegular as CantWriteFileNotRegular,
    )
    from aws_interactions.s3_interactions.bucket_records import (
        Bucket as Bucket,
        BucketSighting as BucketSighting,
        BucketStatus as BucketStatus,
        BucketVersioning as BucketVersioning,
    )
    from aws_interactions.s3_interactions.buckets import (
        create_bucket as create_bucket,
        destroy_bucket as destroy_bucket,
        ensure_bucket_exists as ensure_bucket_exists,
        get_bucket_status as get_bucket_status,
        get_bucket_tags as get_bucket_tags,
        get_bucket_versioning as get_bucket_versioning,
        list_buckets as list_buckets,
        look_at_bucket as look_at_bucket,
        set_bucket_tags as set_bucket_tags,
        set_bucket_versioning as set_bucket_versioning,
    )
    from aws_interactions.s3_interactions.downloads import get_object as get_object
    from aws_interactions.s3_interactions.encryption import (
        BucketEncryption as BucketEncryption,
        EncryptionAlgorithm as EncryptionAlgorithm,
        get_bucket_encryption as get_bucket_encryption,
        reset_bucket_encryption as reset_bucket_encryption,
        set_bucket_encryption as set_bucket_encryption,
    )
    from aws_interactions.s3_interactions.errors import (
        BucketAccessDenied as BucketAccessDenied,
        BucketDoesntExist as BucketDoesntExist,
        BucketInAnotherRegion as BucketInAnotherRegion,
        BucketNameNotAvailable as BucketNameNotAvailable,
        BucketNeverKeptVersions as BucketNeverKeptVersions,
        BucketNotEmpty as BucketNotEmpty,
        CouldntEnsureBucketExists as CouldntEnsureBucketExists,
        S3ObjectAlreadyExists as S3ObjectAlreadyExists,
        S3ObjectArchived as S3ObjectArchived,
        S3ObjectChanged as S3ObjectChanged,
        S3ObjectDamaged as S3ObjectDamaged,
        S3ObjectDoesntExist as S3ObjectDoesntExist,
        S3ObjectsNotDeleted as S3ObjectsNotDeleted,
        UnsafeObjectKey as UnsafeObjectKey,
        bucket_arn as bucket_arn,
        object_arn as object_arn,
    )
    from aws_interactions.s3_interactions.lifecycle import (
        BucketLifecycle as BucketLifecycle,
        get_bucket_lifecycle as get_bucket_lifecycle,
        set_bucket_lifecycle as set_bucket_lifecycle,
    )
    from aws_interactions.s3_interactions.local_paths import safe_local_path as safe_local_path
    from aws_interactions.s3_interactions.object_records import (
        DeletedObject as DeletedObject,
        DownloadedFile as DownloadedFile,
        FileDigest as FileDigest,
        FileFingerprint as FileFingerprint,
        ObjectFailure as ObjectFailure,
        PresignedPost as PresignedPost,
        PresignedUrl as PresignedUrl,
        S3Level as S3Level,
        S3Object as S3Object,
        S3ObjectDetails as S3ObjectDetails,
        S3ObjectVersion as S3ObjectVersion,
        UnfinishedUpload as UnfinishedUpload,
        UploadedObject as UploadedObject,
    )
    from aws_interactions.s3_interactions.objects import (
        delete_object as delete_object,
        delete_object_versions as delete_object_versions,
        delete_objects as delete_objects,
        describe_object as describe_object,
        get_object_tags as get_object_tags,
        get_object_user_metadata as get_object_user_metadata,
        list_bucket_level as list_bucket_level,
        list_bucket_objects as list_bucket_objects,
        list_object_versions as list_object_versions,
        set_object_tags as set_object_tags,
    )
    from aws_interactions.s3_interactions.presigning import (
        presign_get as presign_get,
        presign_post as presign_post,
        presign_put as presign_put,
    )
    from aws_interactions.s3_interactions.public_access import (
        ObjectOwnership as ObjectOwnership,
        PublicAccessBlock as PublicAccessBlock,
        get_object_ownership as get_object_ownership,
        get_public_access_block as get_public_access_block,
        is_bucket_policy_public as is_bucket_policy_public,
        set_object_ownership as set_object_ownership,
        set_public_access_block as set_public_access_block,
    )
    from aws_interactions.s3_interactions.unfinished_uploads import (
        list_unfinished_uploads as list_unfinished_uploads,
        size_of_unfinished_upload as size_of_unfinished_upload,
    )
    from aws_interactions.s3_interactions.uploads import (
        digest_of_file as digest_of_file,
        fingerprint_of_file as fingerprint_of_file,
        put_file_to_bucket as put_file_to_bucket,
    )
    from aws_interactions.s3_interactions.versions import (
        has_unfinished_uploads as has_unfinished_uploads,
        list_versions_by_key as list_versions_by_key,
        newest_versions as newest_versions,
        newest_versions_of_many as newest_versions_of_many,
        restore_object_version as restore_object_version,
    )

_NAMES_BY_HOME = {
    ".local_files": (
        "CantReadFile",
        "CantReadFileChanged",
        "CantReadFileDoesntExist",
        "CantReadFileLackPermission",
        "CantReadFileNotRegular",
        "CantWriteFile",
        "CantWriteFileAlreadyExists",
        "CantWriteFileDirDoesntExist",
        "CantWriteFileDiskFull",
        "CantWriteFileLackPermission",
        "CantWriteFileNotRegular",
    ),
    "bucket_records": ("Bucket", "BucketSighting", "BucketStatus", "BucketVersioning"),
    "buckets": (
        "create_bucket",
        "destroy_bucket",
        "ensure_bucket_exists",
        "get_bucket_status",
        "get_bucket_tags",
        "get_bucket_versioning",
        "list_buckets",
        "look_at_bucket",
        "set_bucket_tags",
        "set_bucket_versioning",
    ),
    "downloads": ("get_object",),
    "encryption": (
        "BucketEncryption",
        "EncryptionAlgorithm",
        "get_bucket_encryption",
        "reset_bucket_encryption",
        "set_bucket_encryption",
    ),
    "errors": (
        "BucketAccessDenied",
        "BucketDoesntExist",
        "BucketInAnotherRegion",
        "BucketNameNotAvailable",
        "BucketNeverKeptVersions",
        "BucketNotEmpty",
        "CouldntEnsureBucketExists",
        "S3ObjectAlreadyExists",
        "S3ObjectArchived",
        "S3ObjectChanged",
        "S3ObjectDamaged",
        "S3ObjectDoesntExist",
        "S3ObjectsNotDeleted",
        "UnsafeObjectKey",
        "bucket_arn",
        "object_arn",
    ),
    "lifecycle": ("BucketLifecycle", "get_bucket_lifecycle", "set_bucket_lifecycle"),
    "local_paths": ("safe_local_path",),
    "objects": (
        "delete_object",
        "delete_object_versions",
        "delete_objects",
        "describe_object",
        "get_object_tags",
        "get_object_user_metadata",
        "list_bucket_level",
        "list_bucket_objects",
        "list_object_versions",
        "set_object_tags",
    ),
    "presigning": (
        "presign_get",
        "presign_post",
        "presign_put",
    ),
    "object_records": (
        "DeletedObject",
        "DownloadedFile",
        "FileDigest",
        "FileFingerprint",
        "ObjectFailure",
        "PresignedPost",
        "PresignedUrl",
        "S3Level",
        "S3Object",
        "S3ObjectDetails",
        "S3ObjectVersion",
        "UnfinishedUpload",
        "UploadedObject",
    ),
    "public_access": (
        "ObjectOwnership",
        "PublicAccessBlock",
        "get_object_ownership",
        "get_public_access_block",
        "is_bucket_policy_public",
        "set_object_ownership",
        "set_public_access_block",
    ),
    "unfinished_uploads": (
        "list_unfinished_uploads",
        "size_of_unfinished_upload",
    ),
    "uploads": (
        "digest_of_file",
        "fingerprint_of_file",
        "put_file_to_bucket",
    ),
    "versions": (
        "has_unfinished_uploads",
        "list_versions_by_key",
        "newest_versions",
        "newest_versions_of_many",
        "restore_object_version",
    ),
}
_NAMES = LazyNames(__name__, _NAMES_BY_HOME)
__all__ = list(_NAMES.listed())
__getattr__ = _NAMES.load
__dir__ = _NAMES.listed
