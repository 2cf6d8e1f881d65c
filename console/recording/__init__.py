"""The recording: one log in SQLite session files, written, read, played, exported and verified."""
