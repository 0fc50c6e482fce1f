"""The configuration: a model of the TOML files, and what reads them."""
