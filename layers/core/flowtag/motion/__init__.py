"""From flow to motion: the camera's, the subject's, edits, segments and tags."""
