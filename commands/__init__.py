"""The command line: parse, call an operation, hand its rows or changes to the runner.

``PROJECT`` lets the entry point see that the ``commands`` it imported is this one and not some
other package of that common name.
"""

PROJECT = "manage-resources"
