# SPDX-License-Identifier: Apache-2.0
"""The Node-RED recipe: its flow is sound, its functions decide rightly, and Node-RED itself runs it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "host" / "sinks"))
from docs_bench import beside, wait_until
from pages import DOCS
from web_bench import alarm, delivery, free_port, opened, reading

FLOW = DOCS / "cookbook" / "node-red-flow.json"
NODES = {"tab", "websocket-client", "websocket in", "json", "switch", "function", "trigger", "debug"}
SETTINGS = """module.exports = {
  uiHost: "127.0.0.1", uiPort: PORT, flowFile: "flow.json", httpAdminRoot: false, httpNodeRoot: false,
  telemetry: { enabled: false, updateNotification: false }, credentialSecret: false,
  logging: { console: { level: "info", metrics: false, audit: false } },
};
"""


def flow() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(FLOW.read_text(encoding="utf-8"))
    return found


def test_every_wire_leads_to_a_node_and_every_node_is_one_that_node_red_has() -> None:
    nodes = flow()
    ids = {node["id"] for node in nodes}
    assert len(ids) == len(nodes)
    assert {node["type"] for node in nodes} == NODES
    for node in nodes:
        for targets in node.get("wires", []):
            assert set(targets) <= ids, node["id"]
        assert node.get("z", "vw-tab") in ids
        assert node.get("client", "vw-client") in ids
        if "outputs" in node:
            assert len(node["wires"]) == node["outputs"], node["id"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("node", "payload", "expected"),
    [
        ("vw-low", {"source": "oximeter", "spo2_pct": 85.2, "late": False, "bed": "bay 2"}, "bay 2: SpO2 85 %"),
        ("vw-low", {"source": "oximeter", "spo2_pct": 97.0, "late": False, "bed": "bay 2"}, None),
        ("vw-low", {"source": "oximeter", "spo2_pct": None, "late": False, "bed": "bay 2"}, None),
        ("vw-low", {"source": "oximeter", "spo2_pct": 85.2, "late": True, "bed": "bay 2"}, None),
        ("vw-low", {"source": "cuff", "spo2_pct": None, "late": False, "bed": "bay 2"}, None),
        (
            "vw-alarm",
            {
                "kind": "technical",
                "name": "no_finger",
                "state": "raised",
                "priority": "medium",
                "bed": "",
                "board": "SN1",
            },
            "SN1: no_finger raised (medium)",
        ),
        ("vw-alarm", {"kind": "technical", "name": "no_finger", "state": "cleared", "priority": "medium"}, None),
        ("vw-alarm", {"kind": "operator", "name": "note", "state": "raised", "priority": ""}, None),
    ],
)
def test_a_function_of_the_flow_decides_rightly(node: str, payload: dict[str, Any], expected: str | None) -> None:
    program = shutil.which("node")
    if program is None:
        pytest.skip("NOT TESTED: node is not installed (Debian: apt-get install nodejs)")
    (code,) = [one["func"] for one in flow() if one["id"] == node]
    script = f"const f = new Function('msg', {json.dumps(code)});"
    script += f"console.log(JSON.stringify((f({json.dumps({'payload': payload})}) || {{payload: null}}).payload))"
    done = subprocess.run([program, "-e", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == expected


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_node_red_runs_the_flow_and_comes_back_to_the_stream(tmp_path: Path) -> None:
    program = shutil.which("node-red")
    if program is None:
        pytest.skip("NOT TESTED with Node-RED itself: it is not installed (npm install -g node-red)")
    port = free_port()
    nodes = FLOW.read_text(encoding="utf-8").replace("127.0.0.1:8765", f"127.0.0.1:{port}")
    (tmp_path / "flow.json").write_text(nodes, encoding="utf-8")
    (tmp_path / "settings.js").write_text(SETTINGS.replace("PORT", str(free_port())), encoding="utf-8")
    command = [program, "--userDir", str(tmp_path), "--settings", str(tmp_path / "settings.js")]
    with beside(command, tmp_path) as running:
        running.wait_for("Started flows", 60)
        with opened(f"web://127.0.0.1:{port}") as sink:
            wait_until(lambda: bool(sink._hub.subscribers), 40, lambda: running.text)
            sink.deliver([delivery(1, reading(97.0)), delivery(2, reading(None)), delivery(3, reading(85.2))])
            running.wait_for("bay 2: SpO2 85 %")
            sink.deliver([delivery(4, alarm("spo2_low", "raised", value=84.0))])
            running.wait_for("bay 2: spo2_low raised (high)")
            assert "SpO2 97" not in running.text
            running.wait_for("nothing is received", 20)
        with opened(f"web://127.0.0.1:{port}") as sink:
            wait_until(lambda: bool(sink._hub.subscribers), 40, lambda: running.text)
            sink.deliver([delivery(1, reading(83.0))])
            running.wait_for("bay 2: SpO2 83 %")
