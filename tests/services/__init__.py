"""Real servers for tests, each on free ports of this machine."""
