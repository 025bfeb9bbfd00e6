"""Automations in the words that Home Assistant has used since 2024.8, told in those of 2024.3.

Only what the automation says is renamed, never what it hands on as data.
"""

PLURALS = {"triggers": "trigger", "conditions": "condition", "actions": "action"}
GROUP = {"sequence", "alias", "enabled", "continue_on_error"}
SEQUENCES = ("sequence", "default", "then", "else")


def older_document(document):
    """A document of automations and helpers, or a bare list of automations, by domain."""
    if isinstance(document, list):
        document = {"automation": document}
    return {
        domain.split(" ")[0]: [older_automation(one) for one in content]
        if domain.split(" ")[0] == "automation"
        else content
        for domain, content in document.items()
    }


def older_automation(automation):
    """One automation, or a blueprint of one."""
    told = {PLURALS.get(key, key): value for key, value in automation.items()}
    if "trigger" in told:
        told["trigger"] = _each(_trigger, told["trigger"])
    if "action" in told:
        told["action"] = _each(_action, told["action"])
    return told


def _each(rename, wanted):
    if isinstance(wanted, list):
        return [rename(one) for one in wanted]
    return rename(wanted)


def _trigger(trigger):
    if not isinstance(trigger, dict) or "trigger" not in trigger:
        return trigger
    return {"platform" if key == "trigger" else key: value for key, value in trigger.items()}


def _action(action):
    if not isinstance(action, dict):
        return action
    told = {"service" if key == "action" else key: value for key, value in action.items()}
    if "service" in told or "event" in told:
        return told
    for key in SEQUENCES:
        if key in told:
            told[key] = _each(_action, told[key])
    if "choose" in told:
        told["choose"] = _each(_choice, told["choose"])
    if "repeat" in told:
        told["repeat"] = _action(told["repeat"])
    if "parallel" in told:
        told["parallel"] = _each(_branch, told["parallel"])
    if "wait_for_trigger" in told:
        told["wait_for_trigger"] = _each(_trigger, told["wait_for_trigger"])
    return _group(told)


def _branch(branch):
    if isinstance(branch, dict) and "sequence" in branch and set(branch) <= GROUP:
        return branch | {"sequence": _each(_action, branch["sequence"])}
    return _action(branch)


def _choice(choice):
    return choice | {"sequence": _each(_action, choice["sequence"])}


def _group(told):
    """A sequence as a step of its own came with 2024.5; before, people wrote an empty choice."""
    if "sequence" not in told or not set(told) <= GROUP:
        return told
    rest = {key: value for key, value in told.items() if key != "sequence"}
    return {"choose": [], "default": told["sequence"]} | rest
