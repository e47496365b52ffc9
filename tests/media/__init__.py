"""Makers of odd, broken and hostile video files, and watchers of what opening them touches."""
