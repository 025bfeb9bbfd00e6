"""Scenes: Home Assistant's automations, read into a typed tree and run."""
