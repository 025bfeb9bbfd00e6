"""Many cars: the car's step compiled, batches on every core. Needs the extra `fleet`."""
