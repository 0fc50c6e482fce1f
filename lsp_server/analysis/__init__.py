"""What the names of a text mean: scopes, declarations, uses of variables and of fields."""
