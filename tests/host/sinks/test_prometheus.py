# SPDX-License-Identifier: Apache-2.0
"""The metrics page, scraped over HTTP and read with Prometheus' own parser."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import pytest
from given import BOARD, SIMULATED, alarm, cuff, now_ms, on_its_way, oximeter, sink_of, technical
from mosquitto import free_port
from prometheus_client.parser import text_string_to_metric_families

from vitalwire.errors import SinkRefused, UsageError
from vitalwire.items import Event, Item
from vitalwire.link.readings import Reading
from vitalwire.sinks.base import Sink
from vitalwire.sinks.prometheus import KIND, Metrics, PrometheusSink

Page = dict[str, list[tuple[dict[str, str], float]]]


def scrape(port: int) -> Page:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        text = answer.read().decode()
    found: Page = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


class Served:
    """A page whose clock the test turns."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.port = free_port()
        self.sink = PrometheusSink("127.0.0.1", self.port, "prometheus://", Metrics(clock=lambda: self.now_s))
        self.sink.open(BOARD)

    def give(self, *items: Item, **values: object) -> None:
        self.sink.deliver(on_its_way(*items, **values))  # type: ignore[arg-type]

    def page(self) -> Page:
        return scrape(self.port)

    def value(self, name: str, /, **labels: str) -> float | None:
        found = [v for said, v in self.page().get(name, []) if labels.items() <= said.items()]
        assert len(found) <= 1
        return found[0] if found else None


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    yield made
    made.sink.close()


def test_the_page_has_the_values_with_who_they_are_of(served: Served) -> None:
    served.give(oximeter(), cuff())
    page = served.page()
    about = {"serial": "VW-0042", "bed": "bed 3", "simulated": "false"}
    assert page["vitalwire_spo2_percent"] == [(about, 97.0)]
    assert page["vitalwire_perfusion_percent"] == [(about, 1.85)]
    assert page["vitalwire_systolic_mmhg"] == [(about, 122.0)]
    assert page["vitalwire_diastolic_mmhg"] == [(about, 76.0)]
    assert page["vitalwire_mean_mmhg"] == [(about, 91.0)]
    assert page["vitalwire_pulse_bpm"] == [({**about, "source": "oximeter"}, 64.0), ({**about, "source": "cuff"}, 66.0)]
    assert page["vitalwire_board_info"] == [({**about, "firmware": "1.2.0", "profile": "general"}, 1.0)]


def test_a_board_of_which_nothing_came_yet_is_there(served: Served) -> None:
    page = served.page()
    assert page["vitalwire_link_up"][0][1] == 1
    assert {labels["priority"]: value for labels, value in page["vitalwire_alarms_total"]} == {
        "high": 0,
        "medium": 0,
        "low": 0,
    }
    assert "vitalwire_spo2_percent" not in page


def test_an_absent_value_is_not_on_the_page(served: Served) -> None:
    served.give(oximeter())
    served.give(oximeter(spo2_pct=None, reasons=(("spo2_pct", "no_finger"),)))
    assert served.value("vitalwire_spo2_percent") is None
    assert served.value("vitalwire_pulse_bpm", source="oximeter") == 64


def test_a_value_of_the_oximeter_is_gone_after_ten_seconds_and_one_of_the_cuff_after_an_hour(served: Served) -> None:
    served.give(oximeter(), cuff())
    served.now_s += 10
    assert served.value("vitalwire_spo2_percent") == 97
    served.now_s += 0.1
    assert served.value("vitalwire_spo2_percent") is None
    assert served.value("vitalwire_pulse_bpm", source="oximeter") is None
    assert served.value("vitalwire_systolic_mmhg") == 122
    served.now_s += 3600
    assert served.value("vitalwire_systolic_mmhg") is None
    assert served.value("vitalwire_reading_age_seconds", source="cuff") is None


def test_a_reading_of_the_cuff_says_when_it_was_and_how_old_it_is(served: Served) -> None:
    taken_ms = now_ms() - 120_000
    served.give(cuff(utc_ms=taken_ms), late=True)
    served.now_s += 30
    assert served.value("vitalwire_reading_timestamp_seconds", source="cuff") == taken_ms / 1000
    age_s = served.value("vitalwire_reading_age_seconds", source="cuff")
    assert age_s is not None
    assert 150 <= age_s < 152


def test_what_waited_too_long_is_counted_and_not_shown(served: Served) -> None:
    served.give(oximeter(utc_ms=now_ms() - 60_000), late=True)
    served.give(oximeter(), late=True, origin=replace(SIMULATED, board="VW-SIM"))
    assert "vitalwire_spo2_percent" not in served.page()
    assert served.value("vitalwire_readings_total", serial="VW-0042") == 1


def test_a_late_value_never_replaces_a_newer_one(served: Served) -> None:
    served.give(oximeter())
    served.give(oximeter(utc_ms=now_ms() - 3000, spo2_pct=80.0), late=True)
    assert served.value("vitalwire_spo2_percent") == 97


def test_readings_are_counted_by_source(served: Served) -> None:
    manual = Reading(now_ms(), None, None, None, "manual", sbp_mmhg=118.0)
    served.give(oximeter(), oximeter(spo2_pct=None, pulse_bpm=None), cuff(), manual)
    counted = {labels["source"]: value for labels, value in served.page()["vitalwire_readings_total"]}
    assert counted == {"oximeter": 2, "cuff": 1, "manual": 1}


def test_alarms_are_counted_once_each_and_shown_while_they_last(served: Served) -> None:
    served.give(alarm("raised"), alarm("acknowledged"), technical("raised", "stale", priority="medium"))
    assert served.value("vitalwire_alarms_total", priority="high") == 1
    assert served.value("vitalwire_alarms_total", priority="medium") == 1
    assert served.value("vitalwire_alarm_active", name="spo2_low", priority="high") == 1
    served.give(alarm("cleared"))
    assert served.value("vitalwire_alarm_active", name="spo2_low") is None
    assert served.value("vitalwire_alarm_active", name="stale") == 1


def test_a_board_that_is_not_heard_has_no_values(served: Served) -> None:
    served.give(oximeter(), cuff(), technical("raised"))
    page = served.page()
    assert page["vitalwire_link_up"][0][1] == 0
    assert not {"vitalwire_spo2_percent", "vitalwire_systolic_mmhg"} & set(page)
    served.give(oximeter())
    assert served.value("vitalwire_link_up") == 1


def test_a_gap_takes_the_values_of_the_oximeter_away(served: Served) -> None:
    served.give(oximeter(), cuff(), Event(now_ms(), "gap", "stale", "start"))
    assert served.value("vitalwire_spo2_percent") is None
    assert served.value("vitalwire_systolic_mmhg") == 122


def test_simulated_and_real_boards_are_told_apart(served: Served) -> None:
    served.give(oximeter(), origin=replace(SIMULATED, board="VW-SIM", bed='7 "left"\n'))
    assert served.value("vitalwire_spo2_percent", serial="VW-SIM", simulated="true", bed='7 "left"\n') == 97


def test_counts_go_on_when_the_page_is_opened_again(served: Served) -> None:
    served.give(oximeter())
    served.sink.close()
    with pytest.raises(urllib.error.URLError):
        served.page()
    served.sink.open(BOARD)
    served.give(oximeter())
    assert served.value("vitalwire_readings_total", source="oximeter") == 2


def test_a_port_in_use_is_refused_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SinkRefused, match=f"port {port} .* in use"):
            sink_of(KIND, f"prometheus://:{port}").open(BOARD)


def test_the_page_is_for_this_computer_alone_unless_an_address_is_named() -> None:
    sink: Sink = sink_of(KIND, f"prometheus://:{free_port()}")
    sink.open(BOARD)
    assert isinstance(sink, PrometheusSink)
    assert sink._server.server_address[0] == "127.0.0.1"
    sink.close()
    sink.close()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("prometheus://:9464/other", "no /other"),
        ("prometheus://?expire=1", "expire=1"),
        ("prometheus://?user=x", "no option user"),
        ("prometheus://:99999", "--to"),
    ],
)
def test_a_url_that_cannot_be_used_says_why(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        sink_of(KIND, text)
