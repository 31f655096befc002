# SPDX-License-Identifier: Apache-2.0
"""Who may read the web sink: nobody from elsewhere who was not let in, and no page of a stranger."""

from __future__ import annotations

import sys
from pathlib import Path

import aiohttp
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from web_bench import ask, events, get, make, opened

from vitalwire.errors import UsageError


@pytest.mark.parametrize("path", ["/", "/latest", "/events", "/ws"])
def test_a_page_of_another_origin_reads_nothing(path: str) -> None:
    with opened() as sink:
        status, text, headers = get(sink, path, Origin="http://stranger.example")
    assert status == 403
    assert "origin=" in text
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("origin", ["null", "http://127.0.0.1:1", "", "http://127.0.0.1.stranger.example"])
def test_nothing_that_looks_nearly_like_our_origin_is_ours(origin: str) -> None:
    with opened() as sink:
        assert get(sink, "/latest", Origin=origin)[0] == 403


def test_our_own_page_and_an_origin_that_is_allowed_read() -> None:
    with opened("web://127.0.0.1:0?origin=https://ward.example,http://localhost:3000") as sink:
        own = get(sink, "/latest", Origin=f"http://127.0.0.1:{sink.port}")
        allowed = get(sink, "/latest", Origin="https://ward.example")
        other = get(sink, "/latest", Origin="http://ward.example")
    assert [own[0], allowed[0], other[0]] == [200, 200, 403]
    assert allowed[2]["Access-Control-Allow-Origin"] == "https://ward.example"
    assert allowed[2]["Vary"] == "Origin"
    assert "Access-Control-Allow-Origin" not in own[2]


def test_a_websocket_of_an_allowed_origin_opens_and_another_does_not() -> None:
    async def talk(client: aiohttp.ClientSession) -> str:
        async with client.ws_connect("/ws", origin="https://ward.example") as ws:
            await ws.receive_str()
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await client.ws_connect("/ws", origin="https://stranger.example")
        return str(caught.value.status)

    with opened("web://127.0.0.1:0?origin=https://ward.example") as sink:
        assert ask(sink, talk) == "403"


def test_a_stranger_who_gives_our_address_a_name_of_his_own_reads_nothing() -> None:
    with opened() as sink:
        assert get(sink, "/latest", Host=f"stranger.example:{sink.port}")[0] == 403
        assert get(sink, "/latest", Host=f"localhost:{sink.port}")[0] == 200
        assert get(sink, "/latest", Host="[::1")[0] in (400, 403)


@pytest.mark.parametrize("path", ["/", "/latest", "/events", "/ws"])
def test_where_a_token_is_asked_for_nothing_is_given_without(path: str) -> None:
    with opened("web://127.0.0.1:0?token=s3same") as sink:
        for asked, headers in (
            (path, {}),
            (f"{path}?token=s3sam", {}),
            (f"{path}?token=", {}),
            (path, {"Authorization": "Bearer wrong"}),
            (f"{path}?token=s3same", {"Authorization": "Bearer wrong"}),
        ):
            status, text, said = get(sink, asked, **headers)
            assert (status, said["WWW-Authenticate"]) == (401, "Bearer")
            assert "s3same" not in text


def test_a_token_from_a_file_opens_by_query_and_by_header(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("öffne dich\n", encoding="utf-8")
    with opened(f"web://127.0.0.1:0?token_file={file}") as sink:
        assert get(sink, "/latest?token=%C3%B6ffne%20dich")[0] == 200
        assert get(sink, "/latest", Authorization="Bearer öffne dich")[0] == 200
        assert len(events(sink, "/events?token=%C3%B6ffne%20dich", 1)) == 1


def test_a_browser_that_asks_before_it_sends_a_token_is_answered() -> None:
    async def talk(client: aiohttp.ClientSession) -> tuple[int, str]:
        async with client.options("/latest", headers={"Origin": "https://ward.example"}) as response:
            return response.status, response.headers["Access-Control-Allow-Headers"]

    with opened("web://127.0.0.1:0?token=t&origin=https://ward.example") as sink:
        assert ask(sink, talk) == (204, "Authorization, Last-Event-ID")


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.7", "monitor.example"])
def test_beyond_this_computer_it_serves_nobody_without_a_token(host: str) -> None:
    with pytest.raises(UsageError, match=r"could read the patient's values; add token_file=FILE"):
        make(f"web://{host}:8765")


def test_with_a_token_it_serves_beyond_this_computer() -> None:
    with opened("web://0.0.0.0:0?token=t") as sink:
        assert get(sink, "/latest?token=t", Host="monitor.example")[0] == 200


@pytest.mark.parametrize("host", ["", "127.0.0.1", "localhost", "[::1]", "127.9.9.9"])
def test_this_computer_alone_needs_no_token(host: str) -> None:
    assert make(f"web://{host}").port == 8765


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("?colour=red", "no option colour is known"),
        ("?history=many", "history=many is no whole number from 0 to 100000"),
        ("?origin=*", "is no origin of a page; write https://ward.example"),
        ("?origin=https://ward.example/page", "is no origin of a page"),
        ("/ws", "leave /ws out"),
        ("/a b", "is no path for a server"),
        ("?token_file=nowhere", "there is no such file"),
    ],
)
def test_a_url_that_it_cannot_use_is_refused_in_words(rest: str, words: str) -> None:
    with pytest.raises(UsageError, match=words.replace("*", r"\*").replace("?", r"\?")):
        make(f"web://127.0.0.1:8765{rest}")


def test_a_token_in_the_url_is_in_no_message() -> None:
    with pytest.raises(UsageError) as caught:
        make("web://127.0.0.1:8765?token=s3same&colour=red")
    assert "s3same" not in str(caught.value)
    with pytest.raises(UsageError, match="there are no users here"):
        make("web://me:secret@127.0.0.1:8765")


def test_it_can_live_below_a_path() -> None:
    with opened("sse://127.0.0.1:0/ward/bay2/") as sink:
        assert get(sink, "/ward/bay2/latest")[0] == 200
        assert "NOT A MEDICAL DEVICE" in get(sink, "/ward/bay2?x=1")[1]
        assert get(sink, "/latest")[0] == 404


def test_the_page_may_run_its_own_script_and_nothing_else() -> None:
    with opened() as sink:
        status, text, headers = get(sink, "/")
    assert status == 200
    assert text.count("<script>") == text.count("<style>") == 1
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert policy.count("sha256-") == 2
    assert "unsafe" not in policy
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert headers["Cache-Control"] == "no-store"
    assert headers["Server"] == "vitalwire"
