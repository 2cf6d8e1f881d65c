"""Where the values of a call came from, told from what was said and read before it. Pure."""
