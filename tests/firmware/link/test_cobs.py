# SPDX-License-Identifier: Apache-2.0
"""The board's COBS, plain and native, against the host's C extension. (Published vectors: tests/protocol.)"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cobs import cobs

HERE = Path(__file__).parent
Run = Callable[..., Any]


def lengths_around_a_block() -> list[bytes]:
    return [bytes(1 + i % 255 for i in range(n)) for n in (0, 1, 2, 253, 254, 255, 256, 507, 508, 509, 512)]


def random_bytes(rng: random.Random) -> list[bytes]:
    """Of any length up to a body's, with many zeros, few, or none."""
    found = []
    for _ in range(200):
        alphabet = rng.choice([range(256), range(2), range(1, 256), [0] + [7] * 300])
        found.append(bytes(rng.choices(alphabet, k=rng.randrange(513))))
    return found


def reference(coded: bytes) -> str | None:
    try:
        return cobs.decode(coded).hex()
    except cobs.DecodeError:
        return None


def test_encodes_and_decodes_as_the_c_extension_does(play: Run, tmp_path: Path) -> None:
    rng = random.Random(1)
    raw = lengths_around_a_block() + random_bytes(rng)
    coded = [cobs.encode(r) for r in raw]
    damaged = []
    for good in coded[:100]:
        bad = bytearray(good)
        for _ in range(rng.randrange(1, 4)):
            bad[rng.randrange(len(bad))] = rng.randrange(256)
        damaged.append(bytes(bad[: rng.randrange(1, len(bad) + 1)]))
    coded += damaged
    cases = tmp_path / "cases.json"
    cases.write_text(json.dumps({"raw": [r.hex() for r in raw], "coded": [c.hex() for c in coded]}))
    seen = play(HERE / "play_cobs.py", str(cases))
    assert len(seen) == 1, "the native code and the plain code disagree"
    assert seen[0]["coded"] == [c.hex() for c in coded[: len(raw)]]
    assert seen[0]["raw"] == [reference(c) for c in coded]
    assert seen[0]["copy"] == b"\0\0bcd\0".hex()
