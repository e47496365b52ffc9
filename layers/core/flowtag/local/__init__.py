"""The laptop's host: inputs from folders, a process per core, results in a folder."""
