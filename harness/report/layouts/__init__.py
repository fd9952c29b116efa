"""What the report of each command shows, in which order."""
