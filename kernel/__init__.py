"""The language- and protocol-neutral core."""
