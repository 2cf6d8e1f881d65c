"""Where the events of a run wait until they are stored: in memory, or on disk."""
