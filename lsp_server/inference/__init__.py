"""What can be known of values without running anything: their fields, and how they are called."""
