"""Source maps, revision 3 (ECMA-426): which line of which original a line of a text comes from."""
