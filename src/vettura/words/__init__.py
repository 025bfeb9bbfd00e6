"""Home Assistant's words, which scenes and faces share: domains, templates, the car's entities."""
