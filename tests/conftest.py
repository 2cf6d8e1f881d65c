"""Fixtures that every test file may use."""

from tests.brokers import broker

__all__ = ["broker"]
