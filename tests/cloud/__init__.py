"""The application as AWS is told of it, for tests."""
