"""The floor as the screens see it: who wants attention, in which order, what was decided, what time it is. Pure."""
