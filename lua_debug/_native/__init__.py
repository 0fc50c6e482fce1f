"""The compiled accelerator: its C sources and, where it could be built, the module `core`."""
