"""Which functions, filters and tests templates have: those of Home Assistant."""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

import jinja2

from vettura.words import template_lists as lists
from vettura.words import template_numbers as numbers
from vettura.words import template_texts as texts
from vettura.words.template_home import HomeFunctions
from vettura.words.template_sandbox import Sandbox
from vettura.words.template_states import AllStates
from vettura.words.template_times import Times

_BOTH: dict[str, Callable[..., Any]] = {
    **lists.BOTH,
    "log": numbers.logarithm,
    "sin": numbers.of_number("sin", math.sin),
    "cos": numbers.of_number("cos", math.cos),
    "tan": numbers.of_number("tan", math.tan),
    "asin": numbers.of_number("asin", math.asin),
    "acos": numbers.of_number("acos", math.acos),
    "atan": numbers.of_number("atan", math.atan),
    "sqrt": numbers.of_number("sqrt", math.sqrt),
    "atan2": numbers.arc_tangent2,
    "average": numbers.average,
    "median": numbers.median,
    "statistical_mode": numbers.statistical_mode,
    "is_number": numbers.is_number,
    "float": numbers.to_float,
    "int": numbers.to_int,
    "bool": numbers.to_bool,
    "iif": numbers.iif,
    "slugify": texts.slugify,
    "pack": texts.pack,
    "unpack": texts.unpack,
    "version": texts.Version,
}
"""Functions that are filters too."""
_FILTERS: dict[str, Callable[..., Any]] = {
    "round": numbers.round_,
    "multiply": numbers.multiply,
    "add": numbers.add,
    "bitwise_and": numbers.bitwise_and,
    "bitwise_or": numbers.bitwise_or,
    "bitwise_xor": numbers.bitwise_xor,
    "to_json": texts.to_json,
    "from_json": texts.from_json,
    "is_defined": texts.is_defined,
    "base64_encode": texts.base64_encode,
    "base64_decode": texts.base64_decode,
    "ordinal": texts.ordinal,
    "ord": ord,
    "contains": texts.contains,
}
_REGEX: dict[str, Callable[..., Any]] = {
    "regex_match": texts.regex_match,
    "regex_replace": texts.regex_replace,
    "regex_search": texts.regex_search,
    "regex_findall": texts.regex_findall,
    "regex_findall_index": texts.regex_findall_index,
}
"""Filters that a compiling template had better not try out."""
_FUNCTIONS: dict[str, Any] = {
    "pi": math.pi,
    "tau": math.tau,
    "e": math.e,
    "urlencode": texts.urlencode,
    "set": set,
    "tuple": tuple,
}
_TESTS: dict[str, Callable[..., Any]] = {
    "is_number": numbers.is_number,
    "list": lambda value: isinstance(value, list),
    "set": lambda value: isinstance(value, set),
    "tuple": lambda value: isinstance(value, tuple),
    "datetime": lambda value: isinstance(value, datetime),
    "string_like": texts.is_string_like,
    "match": texts.regex_match,
    "search": texts.regex_search,
    "contains": texts.contains,
}
_OF_NOW = "now utcnow today_at relative_time time_since time_until"
_TIME_FILTERS = (
    "as_datetime as_timedelta as_timestamp as_local timestamp_custom timestamp_local "
    "timestamp_utc relative_time time_since time_until today_at strptime"
)
_TIME_FUNCTIONS = (
    "now utcnow today_at as_timestamp as_datetime as_local as_timedelta strptime relative_time "
    "time_since time_until timedelta"
)
_HOME_FILTERS = (
    "expand state_attr has_value device_entities device_attr device_id areas area_id area_name "
    "area_entities area_devices integration_entities config_entry_id state_translated"
)
_HOME_TESTS = "is_state is_state_attr has_value is_hidden_entity is_device_attr"


def furnish(
    sandbox: Sandbox,
    *,
    states: AllStates,
    home: HomeFunctions,
    times: Times,
    chance: Callable[[Any], Any],
) -> None:
    """Put everything into the sandbox that a template may use."""
    regex = {name: _fresh(function) for name, function in _REGEX.items()}
    sandbox.filters.update({**_BOTH, **_FILTERS, **regex})
    sandbox.globals.update({**_BOTH, **_FUNCTIONS})
    sandbox.tests.update(_TESTS)
    for name in ("min", "max"):
        sandbox.globals[name] = numbers.extreme(name, sandbox.filters[name])
    of_times, of_home = times.functions(), home.functions()
    of_times |= {name: _fresh(of_times[name]) for name in _OF_NOW.split()}
    sandbox.globals.update({name: of_times[name] for name in _TIME_FUNCTIONS.split()})
    sandbox.filters.update({name: of_times[name] for name in _TIME_FILTERS.split()})
    sandbox.globals.update({name: _fresh(of_home[name]) for name in of_home})
    sandbox.filters.update({name: _fresh(of_home[name]) for name in _HOME_FILTERS.split()})
    sandbox.tests.update({name: _fresh(of_home[name]) for name in _HOME_TESTS.split()})
    sandbox.filters["closest"] = _fresh(home.closest_filter)
    sandbox.filters["random"] = _fresh(chance)
    sandbox.filters["states"] = _fresh(states)
    sandbox.guard()
    sandbox.globals["states"] = states


def _fresh(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep Jinja from calling it while it compiles, when it seems to be about constants."""

    @jinja2.pass_context
    def apply(_context: Any, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return apply
