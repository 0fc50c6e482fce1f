"""The Jupyter messaging protocol (version 5.5) over `kernel.execution`."""
