"""What stands before the cursor while somebody types: tokens, not trees.

A text with ``foo.`` in the middle of it has a syntax tree in which the next line is part of the
chain. What the person means is what stands before the cursor, and that is read from right to left.
"""
