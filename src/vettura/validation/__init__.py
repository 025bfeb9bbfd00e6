"""How far the model is from reality: measured against tests, trips, curves and a cell."""
