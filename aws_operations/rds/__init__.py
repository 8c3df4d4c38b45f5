"""RDS for operators."""
