"""A calculator small enough to read at a glance."""

from calculator.arithmetic import add, divide

__all__ = ["add", "divide"]
