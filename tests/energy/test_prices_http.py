"""Prices over HTTP, from a server of this machine."""

import threading
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from vettura.energy.config import DynamicTariff
from vettura.energy.prices_feed import PriceFeed
from vettura.energy.prices_http import fetch, filled
from vettura.energy.prices_read import BYTES_MAX
from vettura.errors import InputError
from vettura.units import NS_PER_S

pytestmark = pytest.mark.live

NOW_NS = int(datetime(2024, 5, 14, 8, tzinfo=UTC).timestamp()) * NS_PER_S
BODY = b'[{"start": "2024-05-14T00:00:00Z", "end": "2024-05-15T00:00:00Z", "value": 0.11}]'


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        status, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.asked, server.answer = [], (200, BODY)
        server.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def feed(folder, **tariff):
    return PriceFeed(DynamicTariff(**tariff), folder=folder, timezone="Europe/Rome", currency="EUR")


async def test_prices_are_asked_for_with_dates_and_a_token(server, tmp_path):
    (tmp_path / "token").write_text("secret\n")
    prices = feed(tmp_path, url=f"{server.url}/p?from={{today}}", token_file="token")
    assert await prices.refresh(NOW_NS)
    assert server.asked == [("/p?from=2024-05-14", "Bearer secret")]
    assert prices.market.per_wh[0] == pytest.approx(0.11e-3)
    # What is known is not asked for again.
    assert not await prices.refresh(NOW_NS)
    assert len(server.asked) == 1
    assert "secret" not in prices.source


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((503, b"busy"), "answered 503 Service Unavailable"),
        ((200, b"<html>login</html>"), "no prices in it"),
        ((200, b"x" * (BYTES_MAX + 1)), "larger than 4 MB"),
    ],
)
async def test_an_answer_that_cannot_be_used_is_one_line(server, tmp_path, answer, said):
    server.answer = answer
    prices = feed(tmp_path, url=server.url)
    assert not await prices.refresh(NOW_NS)
    assert len(prices.notes) == 1
    assert said in prices.notes[0]


async def test_nobody_there_is_one_line_and_no_secret_in_it(tmp_path):
    prices = feed(tmp_path, url="http://127.0.0.1:9/p?token=secret")
    assert not await prices.refresh(NOW_NS)
    assert "no answer" in prices.notes[0]
    assert "secret" not in prices.notes[0]


def test_only_http_is_asked():
    for url in ("file:///etc/passwd", "ftp://x", "gopher://x"):
        with pytest.raises(InputError, match="not an address of http"):
            fetch(url)


def test_dates_are_filled_in():
    url = "https://x/{today}/{tomorrow:compact}/{after}"
    assert filled(url, date(2024, 12, 30)) == "https://x/2024-12-30/20241231/2025-01-01"
