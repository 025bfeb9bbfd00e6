"""The automations of the corpus as text, each with the blueprint that it is made of."""

import yaml

from peers.scenario import blueprints, corpus


def texts():
    """Everything that is written of each automation, by alias."""
    found = {}
    for text in corpus().values():
        lines = text.splitlines()
        for node in _automations(yaml.compose(text, yaml.SafeLoader)):
            written = lines[node.start_mark.line : node.end_mark.line]
            found[_value(node, "alias")] = "\n".join(written) + _blueprint(node)
    return found


def _automations(document):
    if isinstance(document, yaml.SequenceNode):
        return document.value
    entries = [value.value for key, value in document.value if key.value == "automation"]
    return [node for nodes in entries for node in nodes]


def _value(node, name):
    return next((value.value for key, value in node.value if key.value == name), None)


def _blueprint(node):
    used = _value(node, "use_blueprint")
    if used is None:
        return ""
    path = next(value.value for key, value in used if key.value == "path")
    return "\n" + blueprints()[path]
