# SPDX-License-Identifier: Apache-2.0
"""An item as JSON, with how it was delivered and whom it is of."""

from __future__ import annotations

import json
from dataclasses import replace

from given import BOARD, alarm, on_its_way, oximeter

from vitalwire.encode.envelope import envelope, to_json
from vitalwire.items import item_of


def test_it_is_the_item_again_and_says_how_it_came() -> None:
    (delivery,) = on_its_way(oximeter(), first=9, late=True, repeated=True)
    values = json.loads(to_json(envelope(delivery)))
    assert item_of(values) == delivery.item
    assert {name: values[name] for name in ("number", "key", "late", "repeated", "board", "simulated")} == {
        "number": 9,
        "key": "VW-0042-9",
        "late": True,
        "repeated": True,
        "board": "VW-0042",
        "simulated": False,
    }


def test_what_is_no_number_is_null() -> None:
    (delivery,) = on_its_way(alarm("raised", value=float("nan"), limit=float("inf")))
    values = json.loads(to_json(envelope(delivery)))
    assert (values["value"], values["limit"]) == (None, None)


def test_it_is_utf_8_on_one_line_whatever_somebody_wrote() -> None:
    (delivery,) = on_its_way(alarm("raised", detail="ä\n\udcff"), origin=replace(BOARD, bed="Bett 3 \u2028"))
    text = to_json(envelope(delivery))
    assert json.loads(text.encode())["detail"] == "ä\n?"
    assert "\n" not in text
