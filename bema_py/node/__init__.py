"""One role as a process that runs for months."""
