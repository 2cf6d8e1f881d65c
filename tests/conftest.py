"""Fixtures that every test file may use, and one Hypothesis profile for all: no chance, no deadlines."""

from hypothesis import settings

from tests.brokers import broker

settings.register_profile("watchfloor", derandomize=True, deadline=None)
settings.load_profile("watchfloor")

__all__ = ["broker"]
