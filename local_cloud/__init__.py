"""The cloud that the application runs in, on one machine: for development, not shipped."""
