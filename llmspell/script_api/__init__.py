"""What scripts will find as globals: agents, tools, workflows, state … (the ``*.toml`` here)."""
