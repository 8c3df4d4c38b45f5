"""DynamoDB for operators."""
