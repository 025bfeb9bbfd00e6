"""What counts as a change of an entity, and who hears of it."""

from hypothesis import given
from hypothesis import strategies as st

from vettura.home.scene.state import Hearers, StateTable

UPDATES = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([{}, {"x": 1}, {"x": 1.0}, {"x": 2}]))
)


@given(UPDATES)
def test_times_move_with_what_changes(updates):
    table, heard = StateTable(), []
    table.hearers.hear(("sensor.a",), heard.append)
    before = None
    for now, (state, attributes) in enumerate(updates):
        changed = table.set("sensor.a", state, attributes, time_ns=now)
        found = table.get("sensor.a")
        is_new = before is None or before.state != state
        assert changed == (is_new or before.attributes != attributes)
        assert found.last_changed_ns == (now if is_new else before.last_changed_ns)
        assert found.last_updated_ns == (now if changed else before.last_updated_ns)
        before = found
    assert [change.new for change in heard][-1:] == ([before] if updates else [])
    assert len(heard) == len({id(change.new) for change in heard})


def test_the_same_again_is_a_change_when_it_shall_be():
    table, heard = StateTable(), []
    table.hearers.hear_domains(("timer",), heard.append)
    for now in (1, 2):
        table.set("timer.a", "idle", {}, time_ns=now, force=True)
    assert [change.new.last_changed_ns for change in heard] == [1, 2]


def test_who_stops_listening_hears_no_more():
    hearers, table = Hearers(), StateTable()
    table.hearers = hearers
    heard = []
    stops = [
        hearers.hear(("a.b",), lambda _: heard.append("entity")),
        hearers.hear_domains(("a",), lambda _: heard.append("domain")),
        hearers.hear_all(lambda _: heard.append("all")),
    ]
    table.set("a.b", "1", {}, time_ns=1)
    for stop in stops:
        stop()
        stop()
    table.set("a.b", "2", {}, time_ns=2)
    assert heard == ["entity", "domain", "all"]


def test_an_entity_that_is_gone_is_told_with_what_it_was():
    table, heard = StateTable(), []
    table.hearers.hear(("a.b",), heard.append)
    table.set("a.b", "1", {}, time_ns=1)
    assert table.remove("a.b")
    assert not table.remove("a.b")
    assert (heard[-1].old.state, heard[-1].new) == ("1", None)
    assert table.all("a") == []
