"""The sections of the configuration. What stands below a key is its explanation, everywhere."""
