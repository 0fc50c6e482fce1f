"""Backups of everything that is kept: state, artifacts, configuration and, if asked for, keys."""
