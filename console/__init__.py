"""Watchfloor's console: supervisor, recording, and the screens and commands of the operator."""
