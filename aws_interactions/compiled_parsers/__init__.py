"""Response parsers compiled from botocore's own shapes, for the answers that fleets read most.

Botocore interprets the model anew for each node of each answer, which is most of what a call costs. Here
the walk over a shape is worked out once; the same XML and JSON readers of the standard library run before
it. Whatever is unusual about an answer (errors, streams, malformed bodies, repeated or mistyped elements)
is parsed again by botocore's own parser, so that a result or an error is always botocore's. The keys of a
structure stand in the order of the answer, where botocore has them in the order of the model.

All of it may be deleted, with its call in ``bound_clients``: results stay the same and cost more. As
shares of what botocore's parser takes: DescribeInstances (50) 0.15, ListObjectsV2 (1,000 keys) 0.09, Scan
(200 items) 0.12, DescribeDBInstances (10) 0.19, ListSecrets (20) 0.16; see ``benchmarks/parsers.py``.
"""

import weakref
from typing import TYPE_CHECKING, Any

from botocore.parsers import ResponseParserFactory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["HOT_SHAPES", "TREE_KEY", "CompiledParserFactory", "install_compiled_parsers"]

TREE_KEY = "manage_resources_tree"
"""Under which whoever has read the XML of an answer may leave the tree in the answer's context."""

HOT_SHAPES = {
    "ListBucketsOutput": "s3",
    "ListObjectVersionsOutput": "s3",
    "ListObjectsV2Output": "s3",
    "DescribeInstancesResult": "ec2",
    "DescribeNetworkInterfacesResult": "ec2",
    "DescribeSecurityGroupsResult": "ec2",
    "DescribeSubnetsResult": "ec2",
    "DescribeTagsResult": "ec2",
    "DescribeVolumesResult": "ec2",
    "DescribeVpcsResult": "ec2",
    "BatchGetItemOutput": "dynamodb",
    "QueryOutput": "dynamodb",
    "ScanOutput": "dynamodb",
    "DBClusterMessage": "rds",
    "DBClusterSnapshotMessage": "rds",
    "DBInstanceMessage": "rds",
    "DBSnapshotMessage": "rds",
    "ListSecretsResponse": "secretsmanager",
    "ListAccountsForParentResponse": "organizations",
    "ListAccountsResponse": "organizations",
}
"""Output shapes and whose they are; one of the same name elsewhere is compiled from its own model.

What answers in a few lines is not here: its parsing is no part of what a call costs.
"""

_LARGE_BODY = 16_384


def install_compiled_parsers(session: Any) -> None:
    """Make the clients that a botocore session makes from now on parse hot answers by compiled parsers."""
    session.register_component("response_parser_factory", CompiledParserFactory())


class CompiledParserFactory(ResponseParserFactory):
    """Gives botocore parsers that know hot shapes; may be used by all threads.

    A shape is compiled at its second answer, or at its first of 16 KB: for one small answer botocore's
    parser is the cheaper one. ``hot_names`` are names of output shapes.
    """

    def __init__(self, hot_names: "frozenset[str] | Mapping[str, str]" = HOT_SHAPES) -> None:
        super().__init__()
        self._hot_names = hot_names
        self._has_defaults = False
        self._parsers: dict[str, _HotParser] = {}

    def set_parser_defaults(self, **kwargs: Any) -> None:
        """Set defaults as botocore does; from then on all parsing is botocore's."""
        super().set_parser_defaults(**kwargs)
        self._has_defaults = True

    def create_parser(self, protocol_name: str) -> Any:
        """Return the parser of a protocol; botocore asks for one for each answer."""
        if self._has_defaults:
            return super().create_parser(protocol_name)
        parser = self._parsers.get(protocol_name)
        if parser is None:
            stock = super().create_parser(protocol_name)
            parser = self._parsers[protocol_name] = _HotParser(protocol_name, stock, self._hot_names)
        return parser


class _HotParser:
    """Parses the answers of one protocol."""

    def __init__(
        self, protocol_name: str, stock: Any, hot_names: "frozenset[str] | Mapping[str, str]"
    ) -> None:
        self._protocol_name = protocol_name
        self._stock = stock
        self._hot_names = hot_names
        # By shape object: a name means another shape in another service. It lives as long as its clients.
        self._known: weakref.WeakKeyDictionary[Any, _Parse] = weakref.WeakKeyDictionary()

    def parse(self, response: "Mapping[str, Any]", shape: Any) -> Any:
        """Return what botocore's parser returns, or raise what it raises."""
        if shape is not None and shape.name in self._hot_names:
            parsed = self._find(shape, response)(response)
            if parsed is not None:
                return parsed
        return self._stock.parse(response, shape)

    def _find(self, shape: Any, response: "Mapping[str, Any]") -> "_Parse":
        known = self._known.get(shape)
        if known is None and not _is_large(response):
            self._known[shape] = _leave_to_botocore
            return _leave_to_botocore
        if known is None or known is _leave_to_botocore:
            from aws_interactions.compiled_parsers.responses import compile_response

            known = self._known[shape] = compile_response(self._protocol_name, shape)
        return known


if TYPE_CHECKING:
    _Parse = Callable[[Mapping[str, Any]], dict[str, Any] | None]


def _leave_to_botocore(_response: "Mapping[str, Any]") -> None:
    return None


def _is_large(response: "Mapping[str, Any]") -> bool:
    body = response["body"]
    return isinstance(body, bytes) and len(body) >= _LARGE_BODY
