"""One service in the pattern: a wrapper, and a command that uses it."""
