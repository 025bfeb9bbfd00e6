"""How many turns of Home Assistant's event loop a thing takes (2024.3 on Python 3.11).

They decide who comes first when several automations run in the same instant. Each number is a
count of the tasks made and futures awaited between one effect and the next.
"""

TRIGGERED = 1
"""From a trigger to its automation's conditions."""
STARTED = 1
"""From the conditions to the first action."""
LOCKED = 3
"""More for a queued run: it takes its lock, free or not."""
RESTARTED = 7
"""More for a run that first stops those before it."""
STOPPED_IN_WAIT = 2
"""More when one of those waits for something else than the end of a delay."""
CALL = 1
"""From a step to the action it calls."""
CALLED = 2
"""From the end of that action to the next step."""
ENTITY = 1
"""From the action to an entity of ours that does it; and from there to its end, once more."""
SPREAD = 1
"""More when it aims at several entities."""
GATHERED = 2
"""From the end of the last of them to the end of the action."""
ENTERED = 2
"""From a step to the first one of a sequence in it."""
LEFT = 4
"""From the end of such a sequence to the step after."""
BRANCHED = 3
JOINED = 6
"""The same for the branches of `parallel`."""
WAITED = 3
"""From a template that became true to the step after the wait."""
TRIGGERED_IN_WAIT = 4
"""The same of a trigger."""
LISTENED = 3
"""From `wait_for_trigger` until its triggers listen and it waits."""
