"""What each command's report shows, and in which order."""
