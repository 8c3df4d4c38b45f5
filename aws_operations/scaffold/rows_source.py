"""Puts a service's reads into the list of what a read-only provider lets through."""

import ast

from aws_operations.scaffold.service_design import ServiceDesign
from aws_operations.scaffold.source_edits import CantEditSource, EditableSource

READS_FILE = "core/read_operations.py"
_TABLE = "READ_OPERATIONS"
_TO_REVIEW = "# The scaffold adds by name and model: review that each only reads, and nothing secret.\n"
_LONGEST_LINE = 88


def with_read_rows(rows_text: str, design: ServiceDesign) -> str:
    """Return the source of the list with the design's reads in it; as it was if it has them all.

    Raises ``CantEditSource`` where the list is written in another way than the reference's.
    """
    reads = {operation.api_name for operation in design.operations if operation.is_read}
    source = EditableSource(rows_text, READS_FILE)
    _, table = _statement(source)
    for key, value in zip(table.keys, table.values, strict=True):
        if isinstance(key, ast.Constant) and key.value == design.service_name:
            known = _names_in(value, source)
            if reads <= known:
                return rows_text
            row = _frozenset(known | reads, design.service_name)
            return _with_advice(source.with_replaced(value, row))
    if not reads:
        return rows_text
    row = f"    {_quoted(design.service_name)}: {_frozenset(reads, design.service_name)},\n"
    return _with_advice(source.with_lines(_line_before(table, source, design.service_name), row))


def listed_reads(rows_text: str, service_name: str) -> set[str]:
    """Return what the list lets through of a service; raises ``CantEditSource`` as ``with_read_rows``."""
    source = EditableSource(rows_text, READS_FILE)
    _, table = _statement(source)
    for key, value in zip(table.keys, table.values, strict=True):
        if isinstance(key, ast.Constant) and key.value == service_name:
            return _names_in(value, source)
    return set()


def _with_advice(rows_text: str) -> str:
    if _TO_REVIEW.strip() in rows_text:
        return rows_text
    source = EditableSource(rows_text, READS_FILE)
    statement, _ = _statement(source)
    return source.with_lines(statement.lineno - 1, _TO_REVIEW)


def _statement(source: EditableSource) -> tuple[ast.stmt, ast.Dict]:
    for node in source.tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        names = {target.id for target in targets if isinstance(target, ast.Name)}
        value = getattr(node, "value", None)
        if _TABLE in names and isinstance(value, ast.Dict):
            return node, value
    raise CantEditSource(source.path, f"it has no {_TABLE} that is a dict")


def _names_in(value: ast.expr, source: EditableSource) -> set[str]:
    match value:
        case ast.Call(func=ast.Name(id="frozenset"), args=[ast.Set(elts=names)]):
            found = [name.value for name in names if isinstance(name, ast.Constant)]
            if len(found) == len(names):
                return {str(name) for name in found}
        case ast.Call(func=ast.Name(id="frozenset"), args=[]):
            return set()
    raise CantEditSource(source.path, f"a row of {_TABLE} is no frozenset of texts; add the reads by hand")


def _line_before(table: ast.Dict, source: EditableSource, service_name: str) -> int:
    """Return the line after which the row goes: before the first service that comes later."""
    for key in table.keys:
        if isinstance(key, ast.Constant) and str(key.value) > service_name and source.is_alone_on_line(key):
            return key.lineno - 1 - source.comment_lines_above(key.lineno)
    end = table.end_lineno or table.lineno
    if end == table.lineno:
        raise CantEditSource(source.path, f"{_TABLE} stands on one line; give it a row for each service")
    return end - 1


def _frozenset(names: set[str], service_name: str) -> str:
    quoted = [_quoted(name) for name in sorted(names)]
    short = f"frozenset({{{', '.join(quoted)}}})"
    if len(f"    {_quoted(service_name)}: {short},") <= _LONGEST_LINE:
        return short
    lines = "".join(f"            {name},\n" for name in quoted)
    return f"frozenset(\n        {{\n{lines}        }}\n    )"


def _quoted(text: str) -> str:
    return f'"{text}"'
