"""The console's end of the bus: follows the journal from a keyframe on, and states what the operator wants."""
