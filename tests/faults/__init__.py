"""The fault matrix: a real site under load, hurt in every way the design speaks of, and what must hold afterwards."""
