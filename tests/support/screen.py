"""What is left on a terminal of what was written to it: enough of one for lines that are drawn again."""

import re

_PART = re.compile(r"\x1b\[(\d*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")


def screen_of(shown: str) -> list[str]:
    """Return the lines of the screen, blanks at their ends left out; colours are not seen."""
    lines, row, column = [""], 0, 0
    for match in _PART.finditer(shown):
        number, command, control, text = match.groups()
        if text:
            line = lines[row].ljust(column)
            lines[row] = line[:column] + text + line[column + len(text) :]
            column += len(text)
        elif control == "\r":
            column = 0
        elif control == "\n":
            # As a terminal's driver has it: a new line begins at its left.
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        elif command == "K":
            lines[row] = lines[row][:column]
        elif command == "A":
            row -= 1
        elif command == "G":
            column = int(number) - 1
    return [line.rstrip() for line in lines]
