"""The edge: one file for each outside protocol. None yet."""
