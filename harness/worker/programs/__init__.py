"""Programs that train in a loop of their own: scripts, modules and functions, which run as they are."""
