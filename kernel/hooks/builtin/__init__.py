"""Hooks that come with the kernel; each is made with its settings and registered like any other."""
