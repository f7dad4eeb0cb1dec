"""A whole network on one machine, each node a process."""
