# SPDX-License-Identifier: Apache-2.0
"""JSON, HL7 and FHIR: text, written piece by piece."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..items import Item, item_of
from .material import Material, units


def write_json(material: Material, path: Path) -> None:
    """One object: what `Material.about` says, `units`, and `items`, one a line. Raises OSError."""
    about = {**material.about(), "units": units()}
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(about, ensure_ascii=False)[:-1] + ', "items": [\n')
        between = ""
        for item in material.items:
            file.write(between + json.dumps(item.as_dict(), ensure_ascii=False, allow_nan=False, separators=(",", ":")))
            between = ",\n"
        file.write("\n]}\n")


def read_json(path: Path) -> tuple[dict[str, Any], Iterator[Item]]:
    """What such a file says of itself, and its items. Raises UsageError."""
    try:
        with path.open(encoding="utf-8") as file:
            about = json.load(file)
        items = about.pop("items")
        if not isinstance(items, list):
            raise ValueError("it holds no items")
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise UsageError(f"{path} is no export of Vitalwire: {str(error)[:200]}") from None
    return about, _items(items, path)


def _items(items: list[Any], path: Path) -> Iterator[Item]:
    for number, values in enumerate(items, 1):
        try:
            yield item_of(values)
        except (ValueError, AttributeError, TypeError) as error:
            raise UsageError(f"{path}, item {number}: {error}") from None


def write_hl7(material: Material, path: Path) -> None:
    """A batch file of HL7 v2.6 messages. Raises OSError."""
    _write_encoded("hl7", "file_lines", material, path)


def write_fhir(material: Material, path: Path) -> None:
    """A FHIR R4 bundle. Raises OSError."""
    _write_encoded("fhir", "bundle_lines", material, path)


def _write_encoded(module: str, function: str, material: Material, path: Path) -> None:
    encode = getattr(importlib.import_module(f"vitalwire.encode.{module}"), function)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(encode(material.origin, material.items))


__all__ = ["read_json", "write_fhir", "write_hl7", "write_json"]
