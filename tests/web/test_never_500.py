"""Whatever bytes arrive, the answer is a clear refusal, never a crash."""

import json
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient

from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Verb
from vettura.bus.orders import VERBS, read_speed, read_verb
from vettura.clock import WallClock
from vettura.errors import InputError
from vettura.web import create_app
from web.household import PAGE, VIN

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["on", "target_degc", "soc", "open", "trip", "id", "type", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:  # type: ignore[type-arg]
    pace = WallClock()
    app = create_app(bus=MemoryBus(pace), clock=pace, pace=pace, page=PAGE, patience_s=0.0)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@given(verb=st.sampled_from(sorted(VERBS)), body=st.binary(max_size=200))
def test_any_bytes_are_a_verb_or_an_input_error(verb: str, body: bytes) -> None:
    for read in (lambda: read_verb(verb, body), lambda: read_speed(body)):
        with suppress(InputError):
            assert isinstance(read(), Verb)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(verb=st.sampled_from(sorted(VERBS)), body=JSON)
def test_any_json_gets_a_status_that_is_meant(client, verb: str, body: object) -> None:
    response = client.post(f"/api/cars/{VIN}/do/{verb}", content=_json(body))
    assert response.status_code in {400, 503}
    assert response.json()["ok"] is False


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    what=st.sampled_from(["goal", "mode"]),
    wish=st.dictionaries(
        st.sampled_from(["vin", "soc", "by", "floor_soc", "station", "mode", "x"]),
        JSON | st.sampled_from([VIN, "wallbox", "07:00", "sun", 0.5]),
        max_size=4,
    )
    | JSON,
)
def test_any_wish_about_energy_gets_a_status_that_is_meant(client, what: str, wish) -> None:
    response = client.post(f"/api/energy/{what}", content=_json(wish))
    assert response.status_code in {400, 404, 503}
    assert response.json()["ok"] is False


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    query=st.text(max_size=20),
    last=st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=30),
)
def test_any_address_gets_a_status_that_is_meant(client, path: str, query: str, last: str) -> None:
    address = f"/{quote(path)}?after={quote(query)}"
    headers = {"if-none-match": last.encode("latin-1")}
    assert client.get(address, headers=headers).status_code < 500


def _json(body: object) -> bytes:
    return json.dumps(body).encode()
