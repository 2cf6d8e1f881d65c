"""Where a replay stands, where it can go, and what the log has of a run beyond the fleet."""
