# SPDX-License-Identifier: Apache-2.0
"""A real browser at the web sink: its own EventSource and WebSocket, the page at /, and a page of a stranger."""

from __future__ import annotations

import functools
import http.server
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from web_bench import (
    ORIGIN,
    SIMULATED,
    alarm,
    cuff,
    delivery,
    free_port,
    link,
    make,
    opened,
    reading,
    readings,
    steadily,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
CHROMIUM = shutil.which("chromium")
OUT = Path(__file__).resolve().parents[3] / "out" / "screens"
try:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=15_000)
except ImportError:
    MISSING = "playwright is not installed (pip install -e '.[interop]')"
else:
    MISSING = "" if CHROMIUM else "chromium is not installed (Debian: apt-get install chromium)"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(MISSING), reason=f"NOT TESTED in a browser: {MISSING}")]

LISTEN = """(url) => {
  window.got = []; window.errors = 0; window.opens = 0;
  if (url.startsWith("ws")) {
    let last = null;
    const connect = () => {
      const ws = new WebSocket(last === null ? url : `${url}?after=${last}`);
      ws.onopen = () => { window.opens += 1; };
      ws.onmessage = (event) => {
        const one = JSON.parse(event.data);
        if (one.type === "reading") { window.got.push(one.number); last = one.id; }
      };
      ws.onclose = () => { window.errors += 1; setTimeout(connect, 200); };
    };
    connect();
  } else {
    const source = new EventSource(url);
    source.onopen = () => { window.opens += 1; };
    source.onerror = () => { window.errors += 1; };
    source.addEventListener("reading", (event) => {
      window.got.push(JSON.parse(event.data).number); window.lastId = event.lastEventId;
    });
  }
}"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium with a new user's folder."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("chromium"), executable_path=CHROMIUM, args=list(FLAGS), headless=True
        )
        context.set_default_timeout(20_000)
        yield context
        context.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Page]:
    found = browser.new_page()
    found.set_viewport_size({"width": 1200, "height": 700})
    yield found
    found.close()


def listen(page: Page, port: int, scheme: str) -> None:
    page.goto(f"http://127.0.0.1:{port}/latest")  # a page of ours that runs no script of its own
    page.evaluate(LISTEN, f"http://127.0.0.1:{port}/events" if scheme == "http" else f"ws://127.0.0.1:{port}/ws")
    page.wait_for_function("window.opens === 1")


@pytest.mark.parametrize("scheme", ["http", "ws"], ids=["EventSource", "WebSocket"])
def test_the_browsers_own_client_gets_readings_in_order(page: Page, scheme: str) -> None:
    with opened() as sink:
        listen(page, sink.port, scheme)
        for first in range(1, 300, 30):
            sink.deliver(readings(first, first + 29))
        page.wait_for_function("window.got.length >= 300")
        assert page.evaluate("window.got") == list(range(1, 301))


@pytest.mark.parametrize("scheme", ["http", "ws"], ids=["EventSource", "WebSocket"])
def test_after_a_restart_of_the_server_the_browser_comes_back_and_misses_nothing(page: Page, scheme: str) -> None:
    sink = make(f"web://127.0.0.1:{free_port()}")
    try:
        sink.open(ORIGIN)
        port = sink.port
        listen(page, port, scheme)
        sink.deliver(readings(1, 20))
        page.wait_for_function("window.got.length === 20")
        sink.close()
        page.wait_for_function("window.errors >= 1")
        sink.open(ORIGIN)
        sink.deliver(readings(21, 40))  # before the browser is back
        page.wait_for_function("window.opens >= 2")
        sink.deliver(readings(41, 60))
        page.wait_for_function("window.got.length >= 60")
        assert page.evaluate("window.got") == list(range(1, 61))
    finally:
        sink.close()


def test_a_new_run_of_the_program_hides_nothing_from_a_browser_that_knew_the_last(page: Page) -> None:
    port = free_port()
    with opened(f"web://127.0.0.1:{port}") as sink:
        listen(page, port, "http")
        sink.deliver(readings(1, 5))
        page.wait_for_function("window.got.length === 5")
    page.wait_for_function("window.errors >= 1")
    with opened(f"web://127.0.0.1:{port}") as sink:
        sink.deliver(readings(1, 8, "SN001-run2"))
        page.wait_for_function("window.got.length >= 13")
        assert page.evaluate("window.got") == [*range(1, 6), *range(1, 9)]


def test_the_page_shows_large_live_numbers_and_says_what_they_are_not(page: Page) -> None:
    with opened(origin=SIMULATED) as sink, steadily(sink, first=10, origin=SIMULATED, every_s=0.2):
        sink.deliver([delivery(1, cuff(124.0, 81.0, flags=("simulated",)), SIMULATED)])
        sink.deliver([delivery(2, alarm("spo2_low", "raised", value=84.0, limit=85.0), SIMULATED)])
        troubles: list[str] = []
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(f"http://127.0.0.1:{sink.port}/")
        expect(page.locator("#spo2")).not_to_have_text("—")
        first = page.inner_text("#spo2")
        expect(page.locator("#spo2")).not_to_have_text(first)
        assert page.inner_text("#pressure") == "124/81"
        assert "mean 95" in page.inner_text("#pressure-note")
        assert page.inner_text("#bed") == "bay 2"
        assert "K-017" in page.inner_text("#who")
        assert page.is_visible("text=SIMULATED")
        assert page.is_visible("text=NOT A MEDICAL DEVICE")
        assert "SpO2 low at 84 (limit 85)" in page.inner_text("#alarms")
        assert page.evaluate("parseFloat(getComputedStyle(document.getElementById('spo2')).fontSize)") > 80
        picture(page, "live")
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        picture(page, "phone")
    assert troubles == []


def test_a_lost_link_leaves_no_number_of_the_oximeter_on_the_page(page: Page) -> None:
    with opened() as sink:
        sink.deliver([delivery(1, cuff(124.0, 81.0)), delivery(2, reading(97.0))])
        page.goto(f"http://127.0.0.1:{sink.port}/")
        expect(page.locator("#spo2")).to_have_text("97")
        assert page.is_hidden("#trouble")
        assert page.is_hidden("#simulated")
        sink.deliver([delivery(3, link("silent", "no heartbeat for 3 s"))])
        expect(page.locator("#link")).to_have_text("LINK LOST")
        assert (page.inner_text("#spo2"), page.inner_text("#pulse")) == ("—", "—")
        assert "the board is not heard" in page.inner_text("#spo2-note")
        assert "no heartbeat for 3 s" in page.inner_text("#trouble")
        assert page.inner_text("#pressure") == "124/81"
        picture(page, "link-lost")


def test_readings_that_stop_disappear_and_the_page_says_since_when(page: Page) -> None:
    with opened() as sink:
        sink.deliver([delivery(1, reading(97.0))])
        page.goto(f"http://127.0.0.1:{sink.port}/")
        expect(page.locator("#spo2")).to_have_text("97")
        expect(page.locator("#spo2")).to_have_text("—")
        assert "readings have stopped" in page.inner_text("#trouble")
        assert "s ago" in page.inner_text("#spo2-note")


def test_a_server_that_is_gone_freezes_no_number_and_is_found_again(page: Page) -> None:
    port = free_port()
    with opened(f"web://127.0.0.1:{port}") as sink:
        sink.deliver([delivery(1, cuff(124.0, 81.0)), delivery(2, reading(97.0))])
        page.goto(f"http://127.0.0.1:{port}/")
        expect(page.locator("#spo2")).to_have_text("97")
    expect(page.locator("#link")).to_have_text("NO CONNECTION")
    assert [page.inner_text(f"#{name}") for name in ("spo2", "pulse", "pressure")] == ["—", "—", "—"]
    picture(page, "no-connection")
    with opened(f"web://127.0.0.1:{port}") as sink:
        sink.deliver([delivery(1, reading(95.0))])
        expect(page.locator("#spo2")).to_have_text("95")


def test_a_server_that_hangs_freezes_no_number_either(page: Page) -> None:
    with opened() as sink:
        sink.deliver([delivery(1, reading(97.0))])
        page.goto(f"http://127.0.0.1:{sink.port}/")
        expect(page.locator("#spo2")).to_have_text("97")
        over = threading.Event()
        assert sink._server is not None
        sink._server._loop.call_soon_threadsafe(over.wait, 20)
        try:
            expect(page.locator("#link")).to_have_text("NO CONNECTION")
            assert page.inner_text("#spo2") == "—"
        finally:
            over.set()


def test_the_page_carries_its_token_to_the_stream(page: Page) -> None:
    with opened("web://127.0.0.1:0?token=a%20b%26c") as sink:
        sink.deliver([delivery(1, reading(97.0))])
        answer = page.goto(f"http://127.0.0.1:{sink.port}/")
        assert answer is not None
        assert answer.status == 401
        page.goto(f"http://127.0.0.1:{sink.port}/?token=a%20b%26c")
        expect(page.locator("#spo2")).to_have_text("97")


def test_a_strangers_page_reads_nothing_unless_its_origin_is_allowed(page: Page, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>stranger</title>", encoding="utf-8")
    reads = """async (port) => {
      const near = `127.0.0.1:${port}`;
      const outcome = (promise) => promise.then(() => "read", () => "refused");
      const stream = new Promise((yes, no) => {
        const source = new EventSource(`http://${near}/events?after=0`);
        source.addEventListener("reading", yes); source.onerror = () => { source.close(); no(); };
      });
      const socket = new Promise((yes, no) => {
        const ws = new WebSocket(`ws://${near}/ws?after=0`);
        ws.onmessage = yes; ws.onerror = no;
      });
      const poll = fetch(`http://${near}/latest`).then((answer) => answer.json());
      return Promise.all([stream, socket, poll].map(outcome));
    }"""
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as stranger:
        threading.Thread(target=stranger.serve_forever, daemon=True).start()
        theirs = f"http://localhost:{stranger.server_address[1]}"
        try:
            page.goto(theirs)
            for url, expected in (("", "refused"), (f"?origin={theirs}", "read")):
                with opened(f"web://127.0.0.1:0{url}") as sink:
                    sink.deliver(readings(1, 1))
                    assert page.evaluate(reads, sink.port) == [expected] * 3
        finally:
            stranger.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, *_: object) -> None:
        pass


def picture(page: Page, name: str) -> None:
    """Leaves a picture for a person to look at."""
    OUT.mkdir(parents=True, exist_ok=True)
    time.sleep(0.1)
    page.screenshot(path=OUT / f"web-{name}.png")
