# SPDX-License-Identifier: Apache-2.0
"""Every recipe of the cookbook does what it says: its code is taken from its page and run."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from docs_bench import VITALWIRE, beside, command, needs_sink, post_box, run, wait_until
from pages import DOCS, commands, program

import vitalwire

COOKBOOK = DOCS / "cookbook"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def needs(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"NOT TESTED: {module} is not installed (pip install -e '.[interop]')")


def write(page: str, name: str, folder: Path) -> str:
    """Puts a page's program into a folder."""
    (folder / name).write_text(program(f"cookbook/{page}", name), encoding="utf-8")
    return name


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded session in which the finger slips off after a minute, with a cuff reading before."""
    url = "sim://?patient=calm&seed=1&speed=max&fault=finger_off@75"
    out = tmp_path_factory.mktemp("sessions")
    with vitalwire.attach_session(url, minutes=2, every_s=120, bed="bay 2", out=out) as running:
        for _ in running.items():
            pass
    assert running.folder is not None
    return running.folder


def test_every_recipe_is_in_the_list_and_in_the_menu() -> None:
    pages = {path.name for path in COOKBOOK.glob("*.md")} - {"index.md"}
    assert set(re.findall(r"\]\(([\w-]+\.md)\)", (COOKBOOK / "index.md").read_text(encoding="utf-8"))) == pages
    menu = (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8")
    assert [page for page in pages if f"cookbook/{page}" not in menu] == []


# ------------------------------------------------------------ a ten-line pager


@pytest.fixture
def pager(tmp_path: Path) -> str:
    if shutil.which("curl") is None:
        pytest.skip("NOT TESTED: curl is not installed (Debian: apt-get install curl)")
    return write("pager.md", "pager.py", tmp_path)


def test_the_pager_has_ten_lines() -> None:
    lines = [line for line in program("cookbook/pager.md", "pager.py").splitlines() if line.strip()]
    assert len(lines) == 1 + 10  # and its name


def test_the_pager_is_quiet_while_all_is_well(pager: str, tmp_path: Path) -> None:
    source = "sim://?patient=calm&seed=1&speed=max"
    with post_box() as (port, posts):
        with beside([sys.executable, "-W", "error", pager, source, f"http://127.0.0.1:{port}/bay-2"], tmp_path):
            time.sleep(4)  # some minutes of the board
        assert posts == []


@pytest.mark.parametrize(
    ("patient", "pages"),
    [("esketamine&fault=finger_off@20", r"SpO2 not measured"), ("esketamine", r"SpO2 8[4-7]\.?\d*")],
    ids=["the finger slips off", "the saturation falls"],
)
def test_the_pager_pages(pager: str, patient: str, pages: str, tmp_path: Path) -> None:
    source = f"sim://?patient={patient}&seed=1&speed=max"
    with (
        post_box() as (port, posts),
        beside([sys.executable, pager, source, f"http://127.0.0.1:{port}/bay-2"], tmp_path) as running,
    ):
        wait_until(lambda: any(re.fullmatch(pages, text) for _, text in posts), 60, lambda: (posts, running.text))
        assert {path for path, _ in posts} == {"/bay-2"}


def test_a_page_that_is_not_taken_does_not_end_the_watch(pager: str, tmp_path: Path) -> None:
    source = "sim://?patient=calm&seed=1&speed=max&fault=finger_off@20"
    with beside([sys.executable, pager, source, "http://127.0.0.1:9/nobody"], tmp_path) as running:
        wait_until(lambda: running.text.count("curl: (7)") >= 3, 30, lambda: running.text)


def test_the_pager_pages_when_nothing_comes_any_more(pager: str, tmp_path: Path) -> None:
    with post_box() as (port, posts), beside([*VITALWIRE, "sim", "--tcp", "127.0.0.1:0"], tmp_path) as board:
        wait_until(lambda: "socket://" in board.text, 20, lambda: board.text)
        found = re.search(r"socket://[\w.:]+", board.text)
        assert found is not None
        with beside([sys.executable, pager, found[0], f"http://127.0.0.1:{port}/"], tmp_path) as running:
            time.sleep(4)
            board.kill()
            wait_until(lambda: bool(posts), 20, lambda: running.text)
            assert posts[0][1] == "NOT WATCHED: the pager has ended"
            assert running.wait() == 1
            assert "LinkLost" in running.text


# ------------------------------------------------------------ a live plot in a notebook


def test_the_notebook_draws_while_the_board_measures(tmp_path: Path) -> None:
    for module in ("nbclient", "ipykernel", "matplotlib"):
        needs(module)
    cell = program("cookbook/notebook.md", "cell")
    cell = cell.replace("patient=esketamine&speed=60", "patient=calm&seed=1&speed=60&fault=finger_off@100")
    (tmp_path / "plot.ipynb").write_text(json.dumps(notebook(cell)), encoding="utf-8")
    (tmp_path / "execute.py").write_text(
        "import nbformat, nbclient\n"
        "book = nbformat.read('plot.ipynb', 4)\n"
        "nbclient.NotebookClient(book, timeout=100, kernel_name='python3').execute()\n"
        "nbformat.write(book, 'done.ipynb')\n",
        encoding="utf-8",
    )
    run([sys.executable, "execute.py"], tmp_path, MPLBACKEND="module://matplotlib_inline.backend_inline")
    done = json.loads((tmp_path / "done.ipynb").read_text(encoding="utf-8"))
    plot, said = done["cells"]
    (shown,) = [out for out in plot["outputs"] if out["output_type"] == "display_data"]
    assert len(shown["data"]["image/png"]) > 5000
    readings, with_spo2, title = json.loads("".join(said["outputs"][0]["text"]))
    assert title == "SIMULATED"
    assert readings > 150
    assert 60 < with_spo2 < 120


def notebook(cell: str) -> dict[str, object]:
    """The cell, and one that says what it has drawn."""
    says = "import json\nprint(json.dumps([len(minutes), sum(v == v for v in spo2), upper.get_title()]))"
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
        for n, source in enumerate((cell, says))
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


# ------------------------------------------------------------ NeuroKit on the pulse wave


def test_neurokit_and_the_board_agree_on_the_pulse(tmp_path: Path) -> None:
    needs("neurokit2")
    beats = write("neurokit.md", "beats.py", tmp_path)
    said = run([sys.executable, beats, "sim://?patient=calm&seed=1&speed=max"], tmp_path)
    theirs, ours = (float(re.search(rf"{name} +([\d.]+) /min", said)[1]) for name in ("NeuroKit", "Vitalwire"))  # type: ignore[index]
    assert 50 < ours < 90
    assert abs(theirs - ours) < 1.0
    assert re.search(r"from 5\d beats|from 6\d beats", said)


# ------------------------------------------------------------ a session in DuckDB


def test_duckdb_reads_a_session_and_knows_what_was_not_measured(session: Path, tmp_path: Path) -> None:
    needs("duckdb")
    minutes = write("duckdb.md", "minutes.py", tmp_path)
    said = run([sys.executable, minutes, str(session)], tmp_path)
    rows = re.findall(r"\(datetime.*?\), ([\d.]+|None), ([\d.]+|None), (\d+)\)", said)
    assert len(rows) >= 2
    assert rows[0][0] != "None"
    assert int(rows[-1][2]) > 10


def test_duckdb_reads_our_parquet(session: Path, tmp_path: Path) -> None:
    needs("duckdb")
    import duckdb

    (line,) = commands("cookbook/duckdb.md")
    run(command(line, SESSION=str(session), **{"session.parquet": str(tmp_path / "session.parquet")}), tmp_path)
    query = program("cookbook/duckdb.md", "lowest.sql").replace("session.parquet", str(tmp_path / "session.parquet"))
    lowest, measured = duckdb.sql(query).fetchall()[0]
    ours = [r.spo2_pct for r in vitalwire.open_record(session).readings() if r.source == "oximeter"]
    there = [value for value in ours if value is not None]
    assert (lowest, measured) == (pytest.approx(min(there)), len(there))


# ------------------------------------------------------------ an EDF viewer


def test_an_edf_file_opens_with_its_signals_and_annotations(session: Path, tmp_path: Path) -> None:
    needs("pyedflib")
    (line,) = commands("cookbook/edf.md")
    run(command(line, SESSION=str(session)), tmp_path)
    said = run([sys.executable, write("edf.md", "signals.py", tmp_path), "session.edf"], tmp_path)
    assert re.search(r"SaO2.*\(%\): \d+ samples", said, re.IGNORECASE)
    assert re.search(r"[1-9]\d* annotations", said)


# ------------------------------------------------------------ alarms to a phone


def test_an_alarm_reaches_the_phone_and_so_does_the_end_of_the_stream(session: Path, tmp_path: Path) -> None:
    needs_sink("mqtt")
    sys.path.insert(0, str(DOCS.parent / "tests" / "host" / "sinks"))
    from mosquitto import Broker

    to_phone = write("phone.md", "to_phone.py", tmp_path)
    (line,) = [one for one in commands("cookbook/phone.md") if "stream" in one]
    broker = Broker(tmp_path)
    try:
        with post_box() as (port, posts):
            target = f"http://127.0.0.1:{port}/ward2"
            with beside([sys.executable, to_phone, f"127.0.0.1:{broker.port}", target], tmp_path) as running:
                time.sleep(1)
                to = f"127.0.0.1:{broker.port}"
                run(command(line, localhost=to), tmp_path, VITALWIRE_SESSIONS=str(session.parent))
                wait_until(lambda: any("NOT WATCHED, offline" in text for _, text in posts), 20, lambda: running.text)
                texts = [text for _, text in posts]
        assert "bay 2: no finger raised (medium)" in texts
    finally:
        broker.kill()


# ------------------------------------------------------------ a trend in Grafana


def test_the_lines_have_what_the_dashboard_asks_for(session: Path, tmp_path: Path) -> None:
    needs_sink("influx")
    (tmp_path / "token.txt").write_text("s3same", encoding="utf-8")
    (line,) = commands("cookbook/grafana.md")
    with post_box() as (port, posts):
        replaced = {"localhost:8086": f"127.0.0.1:{port}"}
        run(command(line, **replaced), tmp_path, VITALWIRE_SESSIONS=str(session.parent))
    assert {path.partition("?")[0] for path, _ in posts} == {"/api/v2/write"}
    assert "bucket=vitals" in posts[0][0]
    lines = [one for _, text in posts for one in text.splitlines()]
    for measurement, tags, fields in asked():
        fitting = [one for one in lines if one.startswith(measurement + ",") and all(tag in one for tag in tags)]
        assert fitting, (measurement, tags)
        for name in fields:
            assert any(re.search(rf"[ ,]{name}=", one) for one in fitting), (measurement, name)


def asked() -> list[tuple[str, list[str], list[str]]]:
    """What each query of the dashboard looks for: measurement, tags with a fixed value, fields."""
    board = json.loads((COOKBOOK / "grafana-dashboard.json").read_text(encoding="utf-8"))
    queries = [target["query"] for panel in board["panels"] for target in panel.get("targets", [])]
    found = []
    for query in queries:
        (measurement,) = re.findall(r'r\._measurement == "(\w+)"', query)
        tags = [f"{name}={value}" for name, value in re.findall(r'r\.(\w+) == "(\w+)"', query) if name[0] != "_"]
        found.append((measurement, tags, re.findall(r'r\._field == "(\w+)"', query)))
    return found


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    board = json.loads((COOKBOOK / "grafana-dashboard.json").read_text(encoding="utf-8"))
    assert board["schemaVersion"] >= 36
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert {panel["type"] for panel in board["panels"]} == {"timeseries", "text"}
    variables = {variable["name"] for variable in board["templating"]["list"]}
    assert set(re.findall(r"\$\{(\w+)\}", json.dumps(board))) <= variables
    drawn = [panel["fieldConfig"]["defaults"]["custom"] for panel in board["panels"] if panel["type"] == "timeseries"]
    assert all(custom["spanNulls"] is False for custom in drawn)
    assert all(custom["insertNulls"] for custom in drawn if custom["drawStyle"] == "line")
    assert "NOT A MEDICAL DEVICE" in board["description"]
    assert [fields for _, _, fields in asked()] == [
        ["spo2_pct"],
        ["pulse_bpm"],
        ["sbp_mmhg", "map_mmhg", "dbp_mmhg"],
    ]
