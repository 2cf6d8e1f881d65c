"""Watchfloor's bus: what an agent author imports."""
