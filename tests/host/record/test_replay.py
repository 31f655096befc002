# SPDX-License-Identifier: Apache-2.0
"""Records run again: the same rules give the same alarms, others give theirs; any CSV is read or refused in words."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalwire import profiles
from vitalwire.cli.main import run
from vitalwire.errors import UsageError
from vitalwire.record.episodes import Episode, compare, episodes
from vitalwire.record.replay import Judged, alarms_of, replay_record, replay_rows
from vitalwire.record.series import read_series
from vitalwire.session.facts import Happening, Vitals
from vitalwire.session.profile_read import parse_profile

HEAD = "t_s,spo2,pr,sbp,dbp,map\n"


def series(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def dip(path: Path, low: float = 88, seconds: int = 20) -> Path:
    values = [96.0] * 30 + [low] * seconds + [96.0] * 30
    return series(path, HEAD + "".join(f"{t},{v},70,,,\n" for t, v in enumerate(values)))


def general(**changes: str) -> Judged:
    text = profiles.read_text(profiles.find("general").path)
    for before, after in changes.items():
        text = text.replace(before.replace("_is_", " = "), after, 1)
    return Judged(parse_profile(text, "general"), text, {"name": "general", "state": "unsigned"})


def test_a_series_is_judged_by_the_code_that_judges_live(tmp_path: Path) -> None:
    found = alarms_of(replay_record(dip(tmp_path / "dip.csv"), general()))
    assert [(a.t_ms, a.name, a.state) for a in found] == [
        (40_400, "spo2_low", "raised"),
        (50_000, "spo2_low", "latched"),
    ]


def test_every_value_that_is_replayed_says_so(tmp_path: Path) -> None:
    rows = [fact for fact in replay_record(dip(tmp_path / "dip.csv"), None) if isinstance(fact, Vitals)]
    assert rows
    assert all("replayed" in row.flags for row in rows)


def test_a_session_by_its_own_rules_gives_its_own_events(whole: Path) -> None:
    facts = list(replay_record(whole, None))
    recorded = (whole / "events.csv").read_text(encoding="utf-8").splitlines()
    assert sum(isinstance(fact, Happening) for fact in facts) == len(recorded) - 1


def test_a_session_under_other_rules_is_not_judged_by_what_the_board_said(whole: Path) -> None:
    facts = list(replay_record(whole, general()))
    alarms = alarms_of(facts)
    assert all("judged by the host" in alarm.detail for alarm in alarms if alarm.state == "raised")
    names = {fact.name for fact in facts if isinstance(fact, Happening) and fact.kind == "technical"}
    assert "limits_mismatch" not in names
    assert all("replayed" in fact.flags for fact in facts if isinstance(fact, Vitals))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the first line is not that of a series"),
        ("a,b\n1,2\n", "the first line is not that of a series"),
        (HEAD, "there is no row in it"),
        (HEAD + "0,97,70,,,\n1,x,70,,,\n", "line 3, column 2 (spo2): 'x' is no number"),
        (HEAD + "0,97,70,,,\n1,197,70,,,\n", "line 3, column 2 (spo2): 197 is outside 0 to 100"),
        (HEAD + "0,97,70,,,\n1,nan,70,,,\n", "line 3, column 2 (spo2): nan is outside"),
        (HEAD + "5,97,70,,,\n1,97,70,,,\n", "line 3, column t_s: 1 s comes after 5 s"),
        (HEAD + "0,97\n", "line 2: 2 cells, 6 in the first line"),
        (HEAD + ",97,70,,,\n", "line 2, column t_s: there is no time"),
        (HEAD + '0,"97,70,,,\n', "line"),
        (HEAD + "=cmd|' /C calc'!A0,97,70,,,\n", "is no number"),
        (HEAD + "0," + "9" * 5000 + ",70,,,\n", "line 2"),
    ],
)
def test_a_csv_that_does_not_read_is_a_sentence_with_line_and_column(tmp_path: Path, text: str, said: str) -> None:
    path = series(tmp_path / "bad.csv", text)
    with pytest.raises(UsageError) as caught:
        list(replay_record(path, None))
    assert said in str(caught.value)
    assert run(["replay", str(path)]) == 2


def test_bytes_that_are_no_text_and_a_folder_that_is_no_session_are_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_bytes(HEAD.encode() + b"0,\xff,70,,,\n")
    assert run(["replay", str(bad)]) == 2
    assert run(["compare", str(tmp_path), "--profile", "general"]) == 2
    assert run(["replay", str(bad), "--speed", "-1"]) == 2


@given(st.binary(max_size=300))
def test_whatever_the_file_holds_it_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    path.write_bytes(HEAD.encode() + data)
    with contextlib.suppress(UsageError):  # anything else is a failure
        assert read_series(path)


def test_several_people_are_told_apart(tmp_path: Path) -> None:
    path = series(tmp_path / "two.csv", "id,t_s,sbp,dbp\na,0,190,80\na,60,120,80\nb,0,120,80\n")
    assert [len(rows) for rows in read_series(path).values()] == [2, 1]
    assert [a.name for a in alarms_of(replay_record(path, None, "a"))] == ["sbp_high", "sbp_high"]
    with pytest.raises(UsageError, match="several people"):
        list(replay_record(path, None))


def alarm(t_ms: int, state: str, rule: str = "spo2_low", priority: str = "high") -> Happening:
    return Happening(t_ms, 0, "physiological", rule, state, priority, 85.0, 90.0)


def test_an_episode_is_from_raised_until_the_value_is_back() -> None:
    found = episodes([
        alarm(1000, "raised", priority="medium"), alarm(2000, "worse"), alarm(9000, "latched"),
        alarm(20_000, "cleared"),
        alarm(30_000, "raised"), alarm(31_000, "acknowledged"),
    ])  # fmt: skip
    assert [(e.begin_ms, e.end_ms, e.priority) for e in found] == [(1000, 9000, "high"), (30_000, None, "high")]


def episode(begin_s: float, end_s: float | None, rule: str = "spo2_low") -> Episode:
    return Episode(rule, round(begin_s * 1000), None if end_s is None else round(end_s * 1000), "high", 85.0, 90.0)


@pytest.mark.parametrize(
    ("a", "b", "verdicts"),
    [
        ([episode(10, 20)], [episode(10, 25)], [("same", 0)]),
        ([episode(10, 20)], [episode(15, 25)], [("later", 5)]),
        ([episode(15, 20)], [episode(10, 25)], [("earlier", -5)]),
        ([episode(10, 20)], [], [("gone", None)]),
        ([], [episode(10, 20)], [("new", None)]),
        ([episode(10, 20)], [episode(10, 20, "pulse_low")], [("new", None), ("gone", None)]),
        ([episode(10, 20)], [episode(80, 90)], [("later", 70)]),
        ([episode(10, 20)], [episode(80.001, 90)], [("gone", None), ("new", None)]),
        ([episode(10, None)], [episode(500, None)], [("later", 490)]),
    ],
)
def test_alarms_are_matched_rule_by_rule(
    a: list[Episode], b: list[Episode], verdicts: list[tuple[str, float | None]]
) -> None:
    assert [(d.verdict, d.shift_s) for d in compare(a, b)] == verdicts


def test_compare_says_what_comes_goes_and_moves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = tmp_path / "our.toml"
    profiles.copy(profiles.find("general"), ours)
    text = ours.read_text(encoding="utf-8").replace("delay_s = 10.4\n", "delay_s = 9.4\n", 1)
    ours.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    arguments = ["compare", str(dip(tmp_path / "dip.csv")), "--profile", "general", "--profile", str(ours)]
    assert run([*arguments, "--plot", "alarms.svg"]) == 0
    said = capsys.readouterr().out
    assert "earlier by 1 s" in said
    picture = (tmp_path / "alarms.svg").read_text(encoding="utf-8")
    assert "spo2 low" in picture
    assert run([*arguments, "--json"]) == 0
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["verdict"], line["shift_s"], line["rule"]) == ("earlier", -1.0, "spo2_low")
    assert run([*arguments, "--plot", "alarms.exe"]) == 2


def test_a_replay_is_json_where_a_program_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", str(dip(tmp_path / "dip.csv")), "--profile", "general", "--json", "--values"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["type"] for line in lines} == {"vitals", "happening"}
    assert all(line["replayed"] for line in lines)


def test_rows_with_gaps_raise_nothing_from_absence() -> None:
    rows = [Vitals(1000 * n, 0, "oximeter") for n in range(100)]
    assert alarms_of(replay_rows(rows, general())) == []
