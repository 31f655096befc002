# SPDX-License-Identifier: Apache-2.0
"""EDF+ and BDF+, read with pyedflib."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from exported import EVENTS, NOTE, READINGS, START, WAVES, counterpart, example

from vitalwire.errors import UsageError
from vitalwire.export.edf import read_edf, write_edf
from vitalwire.export.material import Material
from vitalwire.items import Event, Origin, Wave

pyedflib, np = counterpart("pyedflib"), counterpart("numpy")


@pytest.fixture(params=["edf", "bdf"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    write_edf(example(), tmp_path / f"s.{request.param}")
    with contextlib.closing(pyedflib.EdfReader(str(tmp_path / f"s.{request.param}"))) as reader:
        yield reader


def signal(file: Any, label: str) -> tuple[Any, Any]:
    """Its samples, and which of them are missing as its header says."""
    number = file.getSignalLabels().index(label)
    assert file.getPrefilter(number).startswith("-32768 is missing")
    return file.readSignal(number), file.readSignal(number, digital=True) == -32_768


def test_the_header_says_whose_it_is_when_and_that_it_was_simulated(file: Any) -> None:
    assert file.getPatientCode() == "K-017"
    assert file.getStartdatetime() == datetime(2026, 1, 1)
    assert file.getEquipment() == "Vitalwire E661 3 SIMULATED"
    assert file.getAdmincode() == "86c54cad"


def test_signals_have_units_codes_and_rates(file: Any) -> None:
    found = {one["label"]: one for one in file.getSignalHeaders()}
    assert {name: (one["dimension"], one["sample_frequency"]) for name, one in found.items()} == {
        "PPG red": ("counts", 100), "PPG ir": ("counts", 100), "SaO2": ("%", 1), "Pulse": ("bpm", 1), "PI": ("%", 1),
        "Quality": ("score", 1), "Offset": ("ms", 1), "NIBP sys": ("mmHg", 1), "NIBP dia": ("mmHg", 1),
        "NIBP mean": ("mmHg", 1), "NIBP pulse": ("bpm", 1),
    }  # fmt: skip
    assert found["SaO2"]["transducer"] == "MDC 150456 MDC_PULS_OXIM_SAT_O2, LOINC 59408-5"
    assert found["NIBP sys"]["prefilter"] == "-32768 is missing; UCUM mm[Hg]"
    assert found["PPG ir"]["transducer"] == "MDC 150452 MDC_PULS_OXIM_PLETH"


@pytest.mark.parametrize(
    ("label", "field"), [("SaO2", "spo2_pct"), ("Pulse", "pulse_bpm"), ("PI", "perfusion_pct"), ("Quality", "quality")]
)
def test_each_number_stands_in_its_second_and_nothing_else_does(file: Any, label: str, field: str) -> None:
    values, missing = signal(file, label)
    offsets, unread = signal(file, "Offset")
    found = {}
    for second in np.flatnonzero(~unread):
        at_ms = START + 1000 * int(second) + round(offsets[second])
        found[at_ms] = None if missing[second] else pytest.approx(values[second], abs=1e-6)
    assert found == {one.utc_ms: getattr(one, field) for one in READINGS if one.source == "oximeter"}
    assert missing[unread].all(), "no value without a reading"
    assert unread[6:12].all(), "the gap stays one"


def test_pressures_stand_where_the_cuff_read_and_are_not_held(file: Any) -> None:
    for label, expected in (("NIBP sys", 122.4), ("NIBP dia", 81.4), ("NIBP mean", 95.1), ("NIBP pulse", 70.9)):
        values, missing = signal(file, label)
        assert list(np.flatnonzero(~missing)) == [22]
        assert values[22] == pytest.approx(expected)


@pytest.mark.parametrize("light", ["red", "ir"])
def test_the_wave_is_exact_to_the_count_and_gaps_in_it_are_missing(file: Any, light: str) -> None:
    values, missing = signal(file, f"PPG {light}")
    # The second batch jitters by 9 ms, and follows the first by the board's count.
    places = (101, 131, 161, 211, 2048, 2078)
    expected = {p + n: getattr(one, light)[n] for p, one in zip(places, WAVES, strict=True) for n in range(len(one.ir))}
    assert {int(n): round(values[n]) for n in np.flatnonzero(~missing)} == expected


def test_events_are_annotations_at_their_millisecond_and_whole(file: Any) -> None:
    onsets, _, texts = file.readAnnotations()
    said = [(round(float(s) * 1000), str(text)) for s, text in zip(onsets, texts, strict=True)]
    alarm = (2999, 'physiological spo2_low raised {"priority": "high", "value": 84.7, "limit": 85.0, '
             '"detail": "judged by host", "device_ms": 3999}')  # fmt: skip
    assert alarm in said
    long = [text for at, text in said if at == 25_017]  # readers take 512 bytes
    assert [text[:6] for text in long] == ["(1/3) ", "(2/3) ", "(3/3) "]
    assert NOTE in "".join(text[6:] for text in long)
    assert {at for at, _ in said} >= {event.utc_ms - START for event in EVENTS}
    assert (22_050, True) in [(at, '"sbp_mmhg": 122.4' in text) for at, text in said]


def test_a_wave_too_wide_for_16_bits_has_a_coarser_step_which_is_said(tmp_path: Path) -> None:
    wide = Wave(START, 100, (0, 262_143, 131_072, 7), (5, 6, 7, 8))
    material = Material(Origin("b"), (wide,))
    write_edf(material, tmp_path / "s.edf")
    assert material.remarks == ["PPG red has a step of 8 counts, as EDF has 16 bits; a name that ends with .bdf has 24"]
    found = read_edf(tmp_path / "s.edf")[1][0]
    assert isinstance(found, Wave)
    assert all(abs(was - now) <= 4 for was, now in zip(wide.red, found.red, strict=True))
    assert found.ir == wide.ir
    exact = Material(Origin("b"), (wide,))
    write_edf(exact, tmp_path / "s.bdf")
    assert exact.remarks == []
    assert read_edf(tmp_path / "s.bdf")[1][0] == wide


def test_a_session_without_a_wave_or_with_nothing_at_all_is_a_file_too(tmp_path: Path) -> None:
    for number, items in enumerate(((), EVENTS[:1], READINGS[:1])):
        path = tmp_path / f"{number}.edf"
        write_edf(Material(example().origin, items), path)
        assert len(read_edf(path)[1]) == len(items)


def test_a_session_over_years_is_refused_rather_than_filled_up(tmp_path: Path) -> None:
    items = (EVENTS[0], Event(START + 400 * 86_400_000, "session", "session", "ended"))
    with pytest.raises(UsageError, match="spans 400 days"):
        write_edf(Material(Origin("b"), items), tmp_path / "s.edf")


def test_a_busy_session_keeps_all_its_annotations(tmp_path: Path) -> None:
    items = tuple(Event(START + 10 * n, "note", "note", "made", detail=f"{n} " + "x" * (n % 600)) for n in range(700))
    write_edf(Material(Origin("b"), items), tmp_path / "s.edf")
    assert tuple(read_edf(tmp_path / "s.edf")[1]) == items


def test_what_is_no_edf_of_ours_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "s.edf").write_bytes(b"0       " + bytes(600))
    with pytest.raises(UsageError, match="no export of Vitalwire"):
        read_edf(tmp_path / "s.edf")


def test_the_file_starts_with_a_whole_second_and_the_wave_is_exact_all_the_same(tmp_path: Path) -> None:
    """Readers disagree on fractions of a second in the start: pyedflib gives 3 ms as 0.3 ms."""
    material = Material(Origin("b"), (Wave(START + 3, 100, (1, 2), (3, 4)),))
    write_edf(material, tmp_path / "s.edf")
    with contextlib.closing(pyedflib.EdfReader(str(tmp_path / "s.edf"))) as reader:
        start = reader.getStartdatetime().replace(tzinfo=UTC)
    assert start == datetime(2026, 1, 1, tzinfo=UTC)
    assert read_edf(tmp_path / "s.edf")[1] == [material.items[0]]
