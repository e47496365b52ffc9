"""Pictures of evidence: what flow saw where it was least sure."""
