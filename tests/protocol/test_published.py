# SPDX-License-Identifier: Apache-2.0
"""COBS and CRC as published, on both sides of the wire: vectors of the `cobs` package, the catalogue of CRCs."""

from __future__ import annotations

import json
import os
from binascii import crc32
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cobs import cobs

from vitalwire_protocol import codec, framing

ROOT = Path(__file__).resolve().parents[2]
DATASETS = Path(os.environ.get("VITALWIRE_DATASETS", ROOT.parent / "shared" / "datasets")) / "protocol"


def published(name: str) -> Any:
    path = DATASETS / name
    if not path.exists():
        pytest.skip(f"NOT TESTED: {path} is missing; set VITALWIRE_DATASETS to the folder with the published vectors")
    return json.loads(path.read_text(encoding="utf-8"))


def test_crc_is_crc_32_iso_hdlc_of_the_catalogue() -> None:
    algorithms = {a["name"]: a for a in published("crc_catalogue.json")["algorithms"]}
    entry = algorithms["CRC-32/ISO-HDLC"]
    assert crc32(b"123456789") == int(entry["check"], 16)
    same = [n for n, a in algorithms.items() if a["width"] == 32 and int(a["check"], 16) == crc32(b"123456789")]
    assert same == ["CRC-32/ISO-HDLC"], "no other algorithm has this check value"


def test_the_residue_by_which_a_body_is_checked_is_that_of_the_catalogue() -> None:
    algorithms = {a["name"]: a for a in published("crc_catalogue.json")["algorithms"]}
    reflected = int(f"{int(algorithms['CRC-32/ISO-HDLC']['residue'], 16):032b}", 2)
    found = crc32(framing.encode_body(codec.Ping.request(), 1, 2))
    assert found == framing.CRC_RESIDUE
    assert found == reflected ^ 0xFFFFFFFF


def test_cobs_of_the_host_gives_the_published_encodings() -> None:
    vectors = published("cobs_vectors.json")
    assert vectors["encode"]
    for vector in vectors["encode"]:
        raw, coded = bytes.fromhex(vector["raw"]), bytes.fromhex(vector["cobs"])
        assert cobs.encode(raw) == coded
        assert cobs.decode(coded) == raw


def test_cobs_of_the_host_refuses_what_is_published_as_wrong() -> None:
    errors = published("cobs_vectors.json")["decode_error"]
    assert errors
    for wrong in errors:
        with pytest.raises(cobs.DecodeError):
            cobs.decode(bytes.fromhex(wrong if isinstance(wrong, str) else wrong["cobs"]))


def test_cobs_of_the_firmware_gives_the_published_encodings(run_script: Callable[..., str]) -> None:
    vectors = published("cobs_vectors.json")
    out = run_script("check_cobs.py", ROOT / "firmware", ROOT / "hardware/twin/cpython", DATASETS / "cobs_vectors.json")
    assert f"checked: {len(vectors['encode'])} encodings, {len(vectors['decode_error'])} errors" in out
