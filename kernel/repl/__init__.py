"""A terminal for a kernel: reads, runs, shows, and debugs."""
