"""The console over a recording: a time line, and nothing to send with."""
