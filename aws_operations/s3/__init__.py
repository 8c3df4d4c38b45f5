"""S3 for operators."""
