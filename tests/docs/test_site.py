# SPDX-License-Identifier: Apache-2.0
"""The documentation site: it builds without a warning, needs no network, and the code on its pages runs."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from pages import DOCS, ROOT, blocks, commands

import vitalwire
from vitalwire.cli.main import cli

mkdocs = pytest.mark.skipif(
    importlib.util.find_spec("mkdocs") is None or importlib.util.find_spec("mkdocstrings") is None,
    reason="NOT TESTED: mkdocs is not installed (pip install -e '.[docs]')",
)
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


class Links(HTMLParser):
    """What a page loads by itself, and what it links to."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.ids |= {value for name, value in attributes if name in ("id", "name") and value}
        if tag == "a" and found.get("href"):
            self.links.append(found["href"] or "")
        elif tag == "link" and found.get("rel") != "canonical":
            self.loads.append(found.get("href") or "")
        elif tag in ("script", "img", "iframe", "source") and found.get("src"):
            self.loads.append(found["src"] or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def parsed(site: Path) -> Iterator[tuple[Path, Links]]:
    for path in sorted(site.rglob("*.html")):
        links = Links()
        links.feed(path.read_text(encoding="utf-8"))
        yield path, links


@mkdocs
@pytest.mark.slow
def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    loads = [url for _, links in parsed(site) for url in links.loads]
    assert loads
    assert [url for url in loads if urlsplit(url).scheme not in ("", "data") or url.startswith("//")] == []
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"url\(['\"]?(?:https?:)?//[^)]*\)|@import", styles) == []


@mkdocs
@pytest.mark.slow
def test_every_link_inside_the_site_leads_somewhere(site: Path) -> None:
    pages = dict(parsed(site))
    bad = []
    for path, links in pages.items():
        if path.name == "404.html":  # its links are from the root of a server
            continue
        for url in links.links + links.loads:
            parts = urlsplit(url)
            if parts.scheme or not (parts.path or parts.fragment):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = pages.get(target)
            if not target.is_file() or (parts.fragment and known and unquote(parts.fragment) not in known.ids):
                bad.append(f"{path.name} -> {url}")
    assert bad == []


@mkdocs
@pytest.mark.slow
def test_the_reference_has_the_fields_and_the_list_of_streams_has_every_sink(site: Path) -> None:
    reference = (site / "reference.html").read_text(encoding="utf-8")
    for name in ("open_board", "open_record", "follow", "Reading", "Origin", "Record", "SinkDown", "start_cuff"):
        assert name in reference
    streams = (site / "streams.html").read_text(encoding="utf-8")
    assert "<!-- sinks" not in streams
    assert "Last-Event-ID" in streams or "?after=ID" in streams
    assert "homeassistant=yes" in streams
    assert "web://127.0.0.1:8765" in streams
    assert "token_file" in streams


def test_the_reference_names_what_is_public() -> None:
    text = (DOCS / "reference.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^::: vitalwire(?:\.\w+)*?\.(\w+)$", text, re.MULTILINE)) | {"aio"}
    errors = {name for name in vitalwire.__all__ if isinstance(getattr(vitalwire, name), type)}
    errors = {name for name in errors if issubclass(getattr(vitalwire, name), vitalwire.VitalwireError)}
    plumbing = {
        "Candidate",
        "Clock",
        "Counters",
        "Decoder",
        "Identity",
        "Item",
        "Received",
        "SystemClock",
        "__version__",
    }
    assert set(vitalwire.__all__) - named - errors - plumbing == set()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_it_in_lines_that_fit(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert [line for line in text.splitlines() if len(line) > 125 and not line.startswith("|")] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_command_on_a_page_is_one_that_there_is(page: str) -> None:
    known = set(cli.list_commands(click.Context(cli)))
    unknown = [line for line in commands(page) if shlex.split(line)[1] not in known]
    assert unknown == []


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one recorded session, for programs that take the latest."""
    folder = tmp_path_factory.mktemp("sessions")
    with vitalwire.attach_session("sim://?patient=calm&seed=1&speed=max", minutes=1, out=folder) as session:
        for _ in session.items():
            pass
    return folder


@pytest.mark.parametrize(
    ("page", "place"),
    [(page, place) for page in ("getting-started.md", "library.md") for place in range(len(blocks(page, "python")))],
)
def test_the_code_on_a_page_runs_as_it_stands(page: str, place: int, sessions: Path, tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(blocks(page, "python")[place], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", file],
        cwd=tmp_path,
        env={**os.environ, "VITALWIRE_SESSIONS": str(sessions)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_sink_of_ones_own_is_a_sink(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("streams.md", "python")
    names: dict[str, object] = {"__name__": "bedside_lamp"}
    exec(compile(code, "bedside_lamp", "exec"), names)
    kind = names["KIND"]
    assert isinstance(kind, vitalwire.SinkKind)
    url = vitalwire.SinkUrl("lamp://?room=2")
    sink = kind.make(url)
    url.finish()
    origin = vitalwire.Origin("SN001")
    event = vitalwire.Event(0, "physiological", "spo2_low", "raised", "high")
    sink.open(origin)
    sink.deliver([vitalwire.Delivery(1, event, origin), vitalwire.Delivery(2, event, origin, late=True)])
    sink.idle()
    sink.close()
    assert capsys.readouterr().out == "lamp 2 spo2_low raised\n"
