"""A canned AWS on loopback: every bucket exists, every answer is the same, nothing is stored."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

_INSTANCE = """<item><reservationId>r-{n:017x}</reservationId><ownerId>123456789012</ownerId><groupSet/>
<instancesSet><item><instanceId>i-{n:017x}</instanceId><imageId>ami-0123456789abcdef0</imageId>
<instanceState><code>16</code><name>running</name></instanceState><instanceType>t3.micro</instanceType>
<privateDnsName>ip-10-0-0-{n}.ec2.internal</privateDnsName><launchTime>2026-01-07T09:30:00.000Z</launchTime>
<placement><availabilityZone>us-east-1a</availabilityZone><tenancy>default</tenancy></placement>
<subnetId>subnet-0123456789abcdef0</subnetId><vpcId>vpc-0123456789abcdef0</vpcId>
<privateIpAddress>10.0.0.{n}</privateIpAddress><ipAddress>192.0.2.{n}</ipAddress>
<groupSet><item><groupId>sg-0123456789abcdef0</groupId><groupName>default</groupName></item></groupSet>
<architecture>x86_64</architecture><rootDeviceType>ebs</rootDeviceType>
<tagSet><item><key>Name</key><value>web-{n}</value></item><item><key>role</key><value>web</value></item></tagSet>
</item></instancesSet></item>"""
_DATABASE = """<DBInstance><DBInstanceIdentifier>orders-{n}</DBInstanceIdentifier>
<DBInstanceArn>arn:aws:rds:us-east-1:123456789012:db:orders-{n}</DBInstanceArn>
<DBInstanceClass>db.t3.micro</DBInstanceClass><Engine>postgres</Engine><EngineVersion>16.3</EngineVersion>
<DBInstanceStatus>available</DBInstanceStatus><MultiAZ>false</MultiAZ><AllocatedStorage>20</AllocatedStorage>
<Endpoint><Address>orders-{n}.example.us-east-1.rds.amazonaws.com</Address><Port>5432</Port></Endpoint>
<AvailabilityZone>us-east-1a</AvailabilityZone></DBInstance>"""
_INSTANCES = "".join(_INSTANCE.format(n=number) for number in range(1, 11))
_DATABASES = "".join(_DATABASE.format(n=number) for number in range(1, 11))
_EC2 = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"'
_RDS = 'xmlns="http://rds.amazonaws.com/doc/2014-10-31/"'
_METADATA = "<ResponseMetadata><RequestId>benchmark</RequestId></ResponseMetadata>"

_XML_BY_ACTION = {
    "DescribeInstances": f"<DescribeInstancesResponse {_EC2}><requestId>benchmark</requestId>"
    f"<reservationSet>{_INSTANCES}</reservationSet></DescribeInstancesResponse>",
    "DescribeDBInstances": f"<DescribeDBInstancesResponse {_RDS}><DescribeDBInstancesResult><DBInstances>"
    f"{_DATABASES}</DBInstances></DescribeDBInstancesResult>{_METADATA}</DescribeDBInstancesResponse>",
    "DescribeDBClusters": f"<DescribeDBClustersResponse {_RDS}><DescribeDBClustersResult><DBClusters/>"
    f"</DescribeDBClustersResult>{_METADATA}</DescribeDBClustersResponse>",
}
_JSON_BY_TARGET = {
    "DynamoDB_20120810.GetItem": {
        "Item": {
            "customer": {"S": "c-1"},
            "order": {"S": "2026-01-07-1"},
            "status": {"S": "open"},
            "total": {"N": "129.90"},
            "lines": {"L": [{"M": {"sku": {"S": "a-1"}, "count": {"N": "2"}}}]},
        }
    },
    "secretsmanager.GetSecretValue": {
        "ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:orders/database-AbCdEf",
        "Name": "orders/database",
        "VersionId": "0b5e9f3a-0000-4000-8000-000000000001",
        "SecretString": json.dumps({"username": "orders", "password": "made-up-for-the-benchmark"}),
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": 1767778200.0,
    },
}


class _EveryAnswerIsTheSame(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(b"", **{"x-amz-bucket-region": "us-east-1"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        target = self.headers.get("X-Amz-Target")
        if target is not None:
            answer = json.dumps(_JSON_BY_TARGET[target]).encode()
            self._answer(answer, **{"Content-Type": "application/x-amz-json-1.0"})
        else:
            (action,) = parse_qs(body.decode())["Action"]
            self._answer(_XML_BY_ACTION[action].encode(), **{"Content-Type": "text/xml"})

    def _answer(self, body: bytes, **headers: str) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the benchmark's output clean."""


@contextmanager
def loopback_aws() -> Iterator[str]:
    """Serve on a free loopback port; the value is the endpoint URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _EveryAnswerIsTheSame)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
