"""What can stand at the cursor, from each of the places it can come from."""
