"""Secrets Manager for operators."""
