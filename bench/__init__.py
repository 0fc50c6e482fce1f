"""Measurements, as ratios against the same work without a debugger in the same run."""
