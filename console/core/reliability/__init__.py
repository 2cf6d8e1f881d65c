"""What agents have proven, by outcomes that somebody other than the agent verified. Pure."""
