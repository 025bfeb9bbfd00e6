"""Scopes mean what KUKSA documents, held against the plainest reading one can write down."""

from contextlib import suppress
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vettura.errors import InputError
from vettura.trust.scopes import Permissions, read_scopes

LEVELS = ("Vehicle", "Cabin", "Door", "IsOpen")
PATHS = [".".join(levels) for depth in (1, 2, 3, 4) for levels in product(LEVELS, repeat=depth)]
ACTIONS = ("read", "actuate", "provide", "create", "provide:data", "provide:actuation")

pattern = st.lists(st.sampled_from((*LEVELS, "*", "**")), min_size=1, max_size=5).map(".".join)
scope = st.tuples(st.sampled_from(ACTIONS), pattern | st.just("")).map(
    lambda pair: ":".join(filter(None, pair))
)


def allowed(*scopes):
    return Permissions(read_scopes(" ".join(scopes)), subject="app")


def fits(pattern, levels):
    """Every way to let each `**` stand for some levels is tried."""
    if not pattern:
        return not levels
    if pattern[0] == "**":
        return any(fits(pattern[1:], levels[taken:]) for taken in range(len(levels) + 1))
    return bool(levels) and pattern[0] in {"*", levels[0]} and fits(pattern[1:], levels[1:])


def grants(scope, action, path):
    word, _, target = scope.partition(":")
    if word == "provide" and target.partition(":")[0] in {"data", "actuation"}:
        half, _, target = target.partition(":")
        word = f"provide:{half}"
    same = action in {word, "read"} or (
        word.split(":")[0] == "provide"
        and action.split(":")[0] == "provide"
        and "provide" in {word, action}
    )
    levels = path.split(".")
    if not target or "*" not in target:
        wanted = target.split(".") if target else []
        return same and levels[: len(wanted)] == wanted
    return same and fits(target.split("."), levels)


@given(st.lists(scope, max_size=4), st.sampled_from(ACTIONS), st.sampled_from(PATHS))
def test_scopes_allow_what_the_plain_reading_allows(scopes, action, path):
    assert allowed(*scopes).may(action, path) == any(grants(s, action, path) for s in scopes)


@given(st.lists(scope, max_size=4), st.sampled_from(PATHS))
def test_a_scope_names_a_path_only_when_it_spells_it_out(scopes, path):
    named = allowed(*scopes).names("actuate", path)
    assert named == (f"actuate:{path}" in scopes)
    assert allowed(*scopes).may("actuate", path) or not named


@given(st.lists(scope, max_size=3), scope, st.sampled_from(ACTIONS), st.sampled_from(PATHS))
def test_another_scope_never_takes_anything_away(scopes, more, action, path):
    assert allowed(*scopes, more).may(action, path) >= allowed(*scopes).may(action, path)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    with suppress(InputError):
        assert " ".join(map(str, read_scopes(text))).split() == text.split()


@pytest.mark.parametrize(
    "text",
    ["fly", "read:", "read:vehicle", "read:Vehicle.", "read:Vehicle..Speed", "read:*Speed",
     "read:data:Vehicle", "provide:data:", "READ", "read,actuate", "write:Vehicle"],
)  # fmt: skip
def test_what_is_no_scope_is_refused(text):
    with pytest.raises(InputError, match="not an action and a path"):
        read_scopes(text)


def test_a_hostile_pattern_costs_a_product_and_no_power():
    deep = ".".join(["Vehicle"] * 1_000)
    assert not allowed("read:" + "**.Vehicle." * 100 + "Cabin").may("read", deep)


def test_kuksas_own_examples_hold():
    assert allowed("read:Vehicle.*.*.*.IsOpen").may("read", "Vehicle.Body.Trunk.Rear.IsOpen")
    assert not allowed("read:Vehicle.*.IsOpen").may("read", "Vehicle.Body.Trunk.Rear.IsOpen")
    assert allowed("actuate:Vehicle.ADAS").may("read", "Vehicle.ADAS.ABS.IsEnabled")
    assert not allowed("read:Vehicle.ADAS").may("read", "Vehicle.ADASX")
