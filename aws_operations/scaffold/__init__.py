"""Writes code in the shape of the reference implementation: projects, and wrappers of any AWS service."""
