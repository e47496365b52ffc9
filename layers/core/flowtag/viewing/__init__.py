"""The viewer on this machine: what ``flowtag view`` serves to a browser."""
