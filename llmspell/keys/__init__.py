"""Keys of providers: where they are kept, and how they are found."""
