"""Which key does what: the one table of actions, other keys that an operator wants, and the order in which keys arrive."""
