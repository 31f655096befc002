# SPDX-License-Identifier: Apache-2.0
"""MQTT over TLS: the broker's certificate is verified, always, and ours is shown where the broker asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from certificates import Authority
from given import BOARD, on_its_way, oximeter, sink_of
from mosquitto import Broker, Subscriber, program

from vitalwire.errors import SinkDown, SinkRefused
from vitalwire.sinks.mqtt import KIND


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("certificates")
    return Authority(folder)


Start = Callable[..., Broker]


@pytest.fixture
def start(authority: Authority, tmp_path: Path) -> Iterator[Start]:
    """A broker with a certificate of the authority's; `config` is added."""
    program("mosquitto")
    made: list[Broker] = []

    def begin(config: str = "", **values: object) -> Broker:
        certificate, key = authority.sign("broker", **values)  # type: ignore[arg-type]
        text = f"allow_anonymous true\ncafile {authority.file}\ncertfile {certificate}\nkeyfile {key}\n{config}"
        made.append(Broker(tmp_path, text))
        return made[-1]

    yield begin
    for broker in made:
        broker.kill()


def test_a_broker_whose_authority_is_named_is_trusted(start: Start, authority: Authority) -> None:
    broker = start()
    seen = Subscriber(broker.port, "vitalwire/VW-0042/reading", tls=lambda client: client.tls_set(str(authority.file)))
    sink = sink_of(KIND, f"mqtts://127.0.0.1:{broker.port}?ca={authority.file}")
    sink.open(BOARD)
    sink.deliver(on_its_way(*(oximeter() for _ in range(50))))
    seen.wait_for(lambda: len(seen.messages) == 50)
    sink.close()
    seen.close()


def test_a_broker_of_an_unknown_authority_is_refused(start: Start) -> None:
    with pytest.raises(SinkRefused, match="certificate is not accepted"):
        sink_of(KIND, f"mqtts://127.0.0.1:{start().port}").open(BOARD)


def test_an_expired_certificate_is_refused_in_words(start: Start, authority: Authority) -> None:
    broker = start(expired=True)
    with pytest.raises(SinkRefused, match="certificate has expired"):
        sink_of(KIND, f"mqtts://127.0.0.1:{broker.port}?ca={authority.file}").open(BOARD)


def test_a_certificate_for_another_address_is_refused(start: Start, authority: Authority) -> None:
    broker = start(address="192.0.2.7")
    with pytest.raises(SinkRefused, match=r"not valid for .127\.0\.0\.1"):
        sink_of(KIND, f"mqtts://127.0.0.1:{broker.port}?ca={authority.file}").open(BOARD)


def test_a_broker_that_asks_for_our_certificate_gets_it(start: Start, authority: Authority) -> None:
    broker = start("require_certificate true")
    certificate, key = authority.sign("monitor")
    sink = sink_of(KIND, f"mqtts://127.0.0.1:{broker.port}?ca={authority.file}&cert={certificate}&key={key}")
    sink.open(BOARD)
    sink.deliver(on_its_way(oximeter()))
    sink.close()


def test_a_broker_that_asks_for_our_certificate_and_gets_none_needs_a_person(
    start: Start, authority: Authority
) -> None:
    broker = start("require_certificate true")
    with pytest.raises(SinkRefused, match="cert=FILE"):
        sink_of(KIND, f"mqtts://127.0.0.1:{broker.port}?ca={authority.file}").open(BOARD)


def test_tls_to_a_port_without_it_is_said_in_words(tmp_path: Path, authority: Authority) -> None:
    program("mosquitto")
    plain = Broker(tmp_path)
    try:
        with pytest.raises((SinkRefused, SinkDown), match="usually 8883"):
            sink_of(KIND, f"mqtts://127.0.0.1:{plain.port}?ca={authority.file}").open(BOARD)
    finally:
        plain.kill()
