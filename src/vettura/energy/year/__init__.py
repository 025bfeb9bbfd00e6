"""A year of a house, slot by slot: what happened, what a strategy knew, and what came of it."""
