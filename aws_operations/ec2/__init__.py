"""EC2 for operators."""
