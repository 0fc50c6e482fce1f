"""The application: command line and script API."""
