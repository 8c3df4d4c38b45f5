"""What the fleet's endpoint answers: one page of each service, full of what AWS really sends.

Elements and sizes are those of AWS's own answers (a whole instance, a whole database, objects with their
checksums): parsing is most of what a call costs, so a thin answer would flatter everybody.
"""

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

SERVICES = ("s3", "ec2", "dynamodb", "rds", "secretsmanager")
CALLS_PER_TARGET = len(SERVICES)
BUCKET, TABLE = "access-logs", "orders"

ITEMS_PER_ANSWER: Mapping[str, int] = {
    "ListObjectsV2": 100,
    "DescribeInstances": 50,
    "Scan": 100,
    "DescribeDBInstances": 10,
    "ListSecrets": 20,
}
"""How much is found in each account and region: a busy account, but not whole pages of a thousand."""

ROWS_PER_TARGET = sum(ITEMS_PER_ANSWER.values())

_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_REQUEST_ID = "8f6f1c1e-0000-4000-8000-0123456789ab"

_OBJECT = """<Contents><Key>AWSLogs/elb/2026/01/07/{n:08d}_app-web-1.log.gz</Key>
<LastModified>2026-01-07T09:{minute:02d}:00.000Z</LastModified>
<ETag>&quot;{n:032x}&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm>
<ChecksumType>FULL_OBJECT</ChecksumType><Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"""

_INSTANCE = """<item><reservationId>r-{n:017x}</reservationId><ownerId>111122223333</ownerId><groupSet/>
<instancesSet><item><instanceId>i-{n:017x}</instanceId><imageId>ami-0abcdef1234567890</imageId>
<instanceState><code>16</code><name>running</name></instanceState>
<privateDnsName>ip-10-0-1-{n}.ec2.internal</privateDnsName><dnsName/><reason/><keyName>operations</keyName>
<amiLaunchIndex>0</amiLaunchIndex><productCodes/><instanceType>m7i.large</instanceType>
<launchTime>2026-01-07T09:{minute:02d}:00.000Z</launchTime>
<placement><availabilityZone>us-east-1a</availabilityZone><availabilityZoneId>use1-az1</availabilityZoneId>
<groupName/><tenancy>default</tenancy></placement>
<monitoring><state>disabled</state></monitoring><subnetId>subnet-0123456789abcdef0</subnetId>
<vpcId>vpc-0123456789abcdef0</vpcId><privateIpAddress>10.0.1.{n}</privateIpAddress>
<sourceDestCheck>true</sourceDestCheck><groupSet><item><groupId>sg-0123456789abcdef0</groupId>
<groupName>web</groupName></item></groupSet><architecture>x86_64</architecture>
<rootDeviceType>ebs</rootDeviceType><rootDeviceName>/dev/xvda</rootDeviceName><blockDeviceMapping><item>
<deviceName>/dev/xvda</deviceName><ebs><volumeId>vol-{n:017x}</volumeId><status>attached</status>
<attachTime>2026-01-07T09:{minute:02d}:01.000Z</attachTime><deleteOnTermination>true</deleteOnTermination></ebs>
</item></blockDeviceMapping><virtualizationType>hvm</virtualizationType>
<clientToken>c0ffee00-0000-4000-8000-{n:012x}</clientToken><tagSet>
<item><key>Name</key><value>web-{n}</value></item><item><key>role</key><value>web</value></item>
<item><key>team</key><value>payments</value></item><item><key>cost-centre</key><value>4711</value></item>
<item><key>aws:autoscaling:groupName</key><value>web</value></item></tagSet><hypervisor>xen</hypervisor>
<networkInterfaceSet><item><networkInterfaceId>eni-{n:017x}</networkInterfaceId>
<subnetId>subnet-0123456789abcdef0</subnetId><vpcId>vpc-0123456789abcdef0</vpcId><description/>
<ownerId>111122223333</ownerId><status>in-use</status><macAddress>02:00:00:00:00:{byte:02x}</macAddress>
<privateIpAddress>10.0.1.{n}</privateIpAddress><privateDnsName>ip-10-0-1-{n}.ec2.internal</privateDnsName>
<sourceDestCheck>true</sourceDestCheck><groupSet><item><groupId>sg-0123456789abcdef0</groupId>
<groupName>web</groupName></item></groupSet><attachment><attachmentId>eni-attach-{n:017x}</attachmentId>
<deviceIndex>0</deviceIndex><status>attached</status><attachTime>2026-01-07T09:{minute:02d}:00.000Z</attachTime>
<deleteOnTermination>true</deleteOnTermination><networkCardIndex>0</networkCardIndex></attachment>
<privateIpAddressesSet><item><privateIpAddress>10.0.1.{n}</privateIpAddress>
<privateDnsName>ip-10-0-1-{n}.ec2.internal</privateDnsName><primary>true</primary></item>
</privateIpAddressesSet><ipv6AddressesSet/><interfaceType>interface</interfaceType><operator>
<managed>false</managed></operator></item></networkInterfaceSet><iamInstanceProfile>
<arn>arn:aws:iam::111122223333:instance-profile/web</arn><id>AIPA0123456789ABCDEFG</id></iamInstanceProfile>
<ebsOptimized>true</ebsOptimized><enaSupport>true</enaSupport><cpuOptions><coreCount>1</coreCount>
<threadsPerCore>2</threadsPerCore></cpuOptions><capacityReservationSpecification>
<capacityReservationPreference>open</capacityReservationPreference></capacityReservationSpecification>
<hibernationOptions><configured>false</configured></hibernationOptions><enclaveOptions>
<enabled>false</enabled></enclaveOptions><metadataOptions><state>applied</state><httpTokens>required</httpTokens>
<httpPutResponseHopLimit>2</httpPutResponseHopLimit><httpEndpoint>enabled</httpEndpoint>
<httpProtocolIpv6>disabled</httpProtocolIpv6><instanceMetadataTags>disabled</instanceMetadataTags>
</metadataOptions><platformDetails>Linux/UNIX</platformDetails><usageOperation>RunInstances</usageOperation>
<usageOperationUpdateTime>2026-01-07T09:{minute:02d}:00.000Z</usageOperationUpdateTime>
<privateDnsNameOptions><hostnameType>ip-name</hostnameType>
<enableResourceNameDnsARecord>false</enableResourceNameDnsARecord>
<enableResourceNameDnsAAAARecord>false</enableResourceNameDnsAAAARecord></privateDnsNameOptions>
<maintenanceOptions><autoRecovery>default</autoRecovery></maintenanceOptions>
<currentInstanceBootMode>uefi</currentInstanceBootMode><operator><managed>false</managed></operator>
</item></instancesSet></item>"""

_DATABASE = """<DBInstance><DBInstanceIdentifier>orders-{n}</DBInstanceIdentifier>
<DBInstanceArn>arn:aws:rds:us-east-1:111122223333:db:orders-{n}</DBInstanceArn>
<DBInstanceClass>db.m7g.large</DBInstanceClass><Engine>postgres</Engine><EngineVersion>16.3</EngineVersion>
<DBInstanceStatus>available</DBInstanceStatus><MasterUsername>operations</MasterUsername><DBName>orders</DBName>
<Endpoint><Address>orders-{n}.example.us-east-1.rds.amazonaws.com</Address><Port>5432</Port>
<HostedZoneId>Z2R2ITUGPM61AM</HostedZoneId></Endpoint><AllocatedStorage>100</AllocatedStorage>
<InstanceCreateTime>2026-01-07T09:{minute:02d}:00.000Z</InstanceCreateTime>
<PreferredBackupWindow>03:00-03:30</PreferredBackupWindow><BackupRetentionPeriod>7</BackupRetentionPeriod>
<DBSecurityGroups/><VpcSecurityGroups><VpcSecurityGroupMembership>
<VpcSecurityGroupId>sg-0123456789abcdef0</VpcSecurityGroupId><Status>active</Status>
</VpcSecurityGroupMembership></VpcSecurityGroups><DBParameterGroups><DBParameterGroup>
<DBParameterGroupName>default.postgres16</DBParameterGroupName><ParameterApplyStatus>in-sync</ParameterApplyStatus>
</DBParameterGroup></DBParameterGroups><AvailabilityZone>us-east-1a</AvailabilityZone><DBSubnetGroup>
<DBSubnetGroupName>private</DBSubnetGroupName><DBSubnetGroupDescription>private</DBSubnetGroupDescription>
<VpcId>vpc-0123456789abcdef0</VpcId><SubnetGroupStatus>Complete</SubnetGroupStatus><Subnets><Subnet>
<SubnetIdentifier>subnet-0123456789abcdef0</SubnetIdentifier><SubnetAvailabilityZone><Name>us-east-1a</Name>
</SubnetAvailabilityZone><SubnetOutpost/><SubnetStatus>Active</SubnetStatus></Subnet><Subnet>
<SubnetIdentifier>subnet-0123456789abcdef1</SubnetIdentifier><SubnetAvailabilityZone><Name>us-east-1b</Name>
</SubnetAvailabilityZone><SubnetOutpost/><SubnetStatus>Active</SubnetStatus></Subnet></Subnets></DBSubnetGroup>
<PreferredMaintenanceWindow>sun:04:00-sun:04:30</PreferredMaintenanceWindow><PendingModifiedValues/>
<LatestRestorableTime>2026-01-07T10:{minute:02d}:00.000Z</LatestRestorableTime><MultiAZ>true</MultiAZ>
<AutoMinorVersionUpgrade>true</AutoMinorVersionUpgrade><ReadReplicaDBInstanceIdentifiers/>
<LicenseModel>postgresql-license</LicenseModel><StorageThroughput>125</StorageThroughput><Iops>3000</Iops>
<OptionGroupMemberships><OptionGroupMembership><OptionGroupName>default:postgres-16</OptionGroupName>
<Status>in-sync</Status></OptionGroupMembership></OptionGroupMemberships>
<PubliclyAccessible>false</PubliclyAccessible><StorageType>gp3</StorageType><DbInstancePort>0</DbInstancePort>
<StorageEncrypted>true</StorageEncrypted>
<KmsKeyId>arn:aws:kms:us-east-1:111122223333:key/00000000-0000-4000-8000-000000000000</KmsKeyId>
<DbiResourceId>db-{n:026d}</DbiResourceId><CACertificateIdentifier>rds-ca-rsa2048-g1</CACertificateIdentifier>
<DomainMemberships/><CopyTagsToSnapshot>true</CopyTagsToSnapshot><MonitoringInterval>0</MonitoringInterval>
<IAMDatabaseAuthenticationEnabled>true</IAMDatabaseAuthenticationEnabled>
<PerformanceInsightsEnabled>false</PerformanceInsightsEnabled><DeletionProtection>true</DeletionProtection>
<AssociatedRoles/><MaxAllocatedStorage>500</MaxAllocatedStorage><TagList><Tag><Key>team</Key>
<Value>payments</Value></Tag><Tag><Key>env</Key><Value>production</Value></Tag></TagList>
<CustomerOwnedIpEnabled>false</CustomerOwnedIpEnabled><NetworkType>IPV4</NetworkType>
<BackupTarget>region</BackupTarget><ActivityStreamStatus>stopped</ActivityStreamStatus><CertificateDetails>
<CAIdentifier>rds-ca-rsa2048-g1</CAIdentifier><ValidTill>2027-01-07T09:{minute:02d}:00Z</ValidTill>
</CertificateDetails><DedicatedLogVolume>false</DedicatedLogVolume>
<EngineLifecycleSupport>open-source-rds-extended-support</EngineLifecycleSupport></DBInstance>"""

_ROLE_SESSION = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><AssumedRoleId>AROA0123456789ABCDEFG:fleet</AssumedRoleId>
<Arn>arn:aws:sts::{account}:assumed-role/operator/fleet</Arn></AssumedRoleUser><Credentials>
<AccessKeyId>{access_key}</AccessKeyId><SecretAccessKey>made-up-for-the-benchmark</SecretAccessKey>
<SessionToken>{token}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleResult><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></AssumeRoleResponse>"""

_CALLER = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>arn:aws:sts::{account}:assumed-role/operator/fleet</Arn>
<UserId>AROA0123456789ABCDEFG:fleet</UserId><Account>{account}</Account></GetCallerIdentityResult>
<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer, ready to be sent, and the operation that it answers."""

    operation: str
    message: bytes


def prebuilt_answers() -> dict[str, Answer]:
    """Return the answer to each operation that is the same for everybody, by the operation's name."""
    makers: dict[str, Callable[[int], tuple[bytes, dict[str, str]]]] = {
        "ListObjectsV2": _objects,
        "DescribeInstances": _instances,
        "Scan": _items,
        "DescribeDBInstances": _databases,
        "ListSecrets": _secrets,
    }
    return {
        operation: Answer(operation, _message(*make(ITEMS_PER_ANSWER[operation])))
        for operation, make in makers.items()
    }


def role_session(account: str) -> Answer:
    """Return the answer to AssumeRole; the access key says which account it is for."""
    # As long as AWS's own tokens are.
    token = f"token-{account}".ljust(800, "x")
    text = _ROLE_SESSION.format(
        account=account, access_key=f"ASIA{account}", token=token, request_id=_REQUEST_ID
    )
    return Answer("AssumeRole", _message(text.encode(), {"Content-Type": "text/xml"}))


def caller_identity(account: str) -> Answer:
    """Return the answer to GetCallerIdentity."""
    text = _CALLER.format(account=account, request_id=_REQUEST_ID)
    return Answer("GetCallerIdentity", _message(text.encode(), {"Content-Type": "text/xml"}))


def json_message(value: object) -> bytes:
    """Return a whole HTTP answer with a value as JSON."""
    return _message(json.dumps(value).encode(), {"Content-Type": "application/json"})


def _message(body: bytes, headers: Mapping[str, str]) -> bytes:
    all_headers = {
        "x-amzn-RequestId": _REQUEST_ID,
        "Date": "Wed, 07 Jan 2026 09:30:00 GMT",
        "Content-Length": str(len(body)),
        **headers,
    }
    lines = [f"{name}: {value}\r\n" for name, value in all_headers.items()]
    return ("HTTP/1.1 200 OK\r\n" + "".join(lines) + "\r\n").encode() + body


def _listed(template: str, count: int) -> str:
    return "".join(
        template.format(n=number, minute=number % 60, byte=number % 256, size=1_000 + 37 * number)
        for number in range(1, count + 1)
    )


def _objects(count: int) -> tuple[bytes, dict[str, str]]:
    text = (
        f'{_XML}<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>{BUCKET}</Name>'
        f"<Prefix></Prefix><KeyCount>{count}</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType>"
        f"<IsTruncated>false</IsTruncated>{_listed(_OBJECT, count)}</ListBucketResult>"
    )
    return text.encode(), {
        "Content-Type": "application/xml",
        "x-amz-request-id": "0123456789ABCDEF",
        "x-amz-id-2": "made-up-for-the-benchmark",
        "x-amz-bucket-region": "us-east-1",
    }


def _instances(count: int) -> tuple[bytes, dict[str, str]]:
    text = (
        f'{_XML}<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>{_REQUEST_ID}</requestId><reservationSet>{_listed(_INSTANCE, count)}</reservationSet>"
        "</DescribeInstancesResponse>"
    )
    return text.encode(), {"Content-Type": "text/xml;charset=UTF-8"}


def _databases(count: int) -> tuple[bytes, dict[str, str]]:
    text = (
        '<DescribeDBInstancesResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/">'
        f"<DescribeDBInstancesResult><DBInstances>{_listed(_DATABASE, count)}</DBInstances>"
        f"</DescribeDBInstancesResult><ResponseMetadata><RequestId>{_REQUEST_ID}</RequestId></ResponseMetadata>"
        "</DescribeDBInstancesResponse>"
    )
    return text.encode(), {"Content-Type": "text/xml"}


def _items(count: int) -> tuple[bytes, dict[str, str]]:
    items = [
        {
            "customer": {"S": f"c-{number}"},
            "order": {"S": f"2026-01-07-{number:06d}"},
            "status": {"S": "open"},
            "total": {"N": f"{number}.90"},
            "placed_at": {"N": str(1767778200 + number)},
            "express": {"BOOL": False},
            "tags": {"SS": ["web", "returning"]},
            "lines": {"L": [{"M": {"sku": {"S": "a-1"}, "count": {"N": "2"}, "price": {"N": "64.95"}}}]},
        }
        for number in range(1, count + 1)
    ]
    body = json.dumps({"Count": count, "Items": items, "ScannedCount": count}, separators=(",", ":")).encode()
    return body, {
        "Content-Type": "application/x-amz-json-1.0",
        "x-amz-crc32": str(zlib.crc32(body)),
    }


def _secrets(count: int) -> tuple[bytes, dict[str, str]]:
    secrets = [
        {
            "ARN": f"arn:aws:secretsmanager:us-east-1:111122223333:secret:orders/database-{number}-AbCdEf",
            "Name": f"orders/database-{number}",
            "Description": "the database of the orders",
            "CreatedDate": 1767778200.123,
            "LastChangedDate": 1767778260.456,
            "LastAccessedDate": 1767744000.0,
            "RotationEnabled": True,
            "RotationRules": {"AutomaticallyAfterDays": 30},
            "SecretVersionsToStages": {
                "0b5e9f3a-0000-4000-8000-000000000001": ["AWSCURRENT"],
                "0b5e9f3a-0000-4000-8000-000000000002": ["AWSPREVIOUS"],
            },
            "Tags": [{"Key": "team", "Value": "payments"}, {"Key": "env", "Value": "production"}],
        }
        for number in range(1, count + 1)
    ]
    body = json.dumps({"SecretList": secrets}, separators=(",", ":")).encode()
    return body, {"Content-Type": "application/x-amz-json-1.1"}
