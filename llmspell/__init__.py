"""The application: command line and script API."""

__version__ = "0.9.0.dev0"
