"""Models of flow as files: what they say of themselves, and where they are kept."""
