"""The kernel as a service: processes in the background that are found, watched and ended."""
