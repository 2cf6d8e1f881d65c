"""The supervisor as a process: links, recording, clock and files around the pure desk, the parent that keeps it alive."""
