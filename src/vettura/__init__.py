"""A smart electric car as software, and the home it lives in."""

__version__ = "0.1.0"
