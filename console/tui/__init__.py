"""The console on screen: one Textual application over a `Source`, live or recorded."""
