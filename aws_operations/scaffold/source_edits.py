"""Edits of Python files by the positions of their syntax tree: all that is not meant stays as it was."""

import ast
import io
from pathlib import Path

from aws_interactions.aws_errors import LocalFileProblem


class CantEditSource(LocalFileProblem):
    """A file of the project is not what can be edited; the message says why, and what to add by hand."""

    def __init__(self, file_path: Path, reason: str) -> None:
        super().__init__(f"can't edit {file_path}: {reason}", file_path=file_path)


class EditableSource:
    """A Python file's text, its syntax tree, and places in it; ``path`` is for messages."""

    def __init__(self, text: str, path: str) -> None:
        self.path = Path(path)
        try:
            self.tree = ast.parse(text)
        except (SyntaxError, ValueError) as error:
            raise CantEditSource(self.path, f"it is no Python of this version ({error})") from error
        # Lines as the parser counts them: str.splitlines knows more ends of lines than Python does.
        self._lines = io.StringIO(text, newline="").readlines()
        self.text = text

    def with_lines(self, after_line: int, added: str) -> str:
        """Return the text with lines put in after a line, counted from 1; their ends are the file's own."""
        before, behind = self._lines[:after_line], self._lines[after_line:]
        end = "\r\n" if self._lines and self._lines[0].endswith("\r\n") else "\n"
        if before and not before[-1].endswith(("\n", "\r")):
            before[-1] += end
        return "".join([*before, added.replace("\n", end), *behind])

    def with_replaced(self, node: ast.expr, source: str) -> str:
        """Return the text with an expression replaced by another."""
        start = self._offset(node.lineno, node.col_offset)
        end = self._offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)
        return self.text[:start] + source + self.text[end:]

    def is_alone_on_line(self, node: ast.expr) -> bool:
        """Return whether nothing but blanks stands before the expression on its line."""
        return not self._lines[node.lineno - 1].encode()[: node.col_offset].strip()

    def comment_lines_above(self, line: int) -> int:
        """Return how many lines right above a line are comments, which belong to it."""
        count = 0
        while line - count >= 2 and self._lines[line - count - 2].lstrip().startswith("#"):
            count += 1
        return count

    def _offset(self, line: int, column: int) -> int:
        # The parser counts columns in bytes of UTF-8.
        before = sum(map(len, self._lines[: line - 1]))
        return before + len(self._lines[line - 1].encode()[:column].decode())
