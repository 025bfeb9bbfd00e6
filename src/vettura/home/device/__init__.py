"""Virtual devices: one small model for each kind, and the service that puts them on the bus."""
