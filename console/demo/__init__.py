"""Agents for showing and testing the floor: recorded ones that are lived again, over the real bus, gates and all."""
