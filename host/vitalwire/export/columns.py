# SPDX-License-Identifier: Apache-2.0
"""Parquet and Arrow: one table, a row an item, whose `type` is `reading`, `event` or `wave`. Nothing is lost on the
way, so that `import` gives the very same items."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError
from ..items import Event, Item, Reading, Wave
from .material import Material, units

if TYPE_CHECKING:
    import pyarrow as pa

ABOUT: Final = b"vitalwire"
_TEXTS: Final = ("source", "trigger", "kind", "name", "state", "priority", "detail", "by")
_WHOLES: Final = ("device_ms", "boot", "seq", "quality", "cycle", "rate_hz", "lost", "index")
_NUMBERS: Final = (
    *("spo2_pct", "pulse_bpm", "perfusion_pct", "sbp_mmhg", "map_mmhg", "dbp_mmhg"),
    *("value", "limit"),
)
_LISTS: Final = ("flags", "doubts")
_WAVES: Final = ("red", "ir")
_TYPE: Final = {Reading: "reading", Event: "event", Wave: "wave"}
ROWS: Final = 65_536


def write_parquet(material: Material, path: Path) -> None:
    """Raises OSError."""
    import pyarrow.parquet as parquet

    table = to_table(material)
    listed = [f"{name}.list.element" for name in _WAVES]
    delta = dict.fromkeys(("time_utc", "device_ms", "index", *listed), "DELTA_BINARY_PACKED")
    words = [name for name in ("type", *_TEXTS) if name not in delta]
    plain = [*words, *(f"{name}.list.element" for name in _LISTS), "reasons.key_value.key", "reasons.key_value.value"]
    parquet.write_table(
        table,
        path,
        compression="zstd",
        compression_level=9,
        use_dictionary=plain,
        column_encoding=delta,
        row_group_size=ROWS,
        write_statistics=["time_utc", "type"],
    )


def write_arrow(material: Material, path: Path) -> None:
    """Arrow's IPC file format (Feather 2). Raises OSError."""
    import pyarrow as pa

    table = to_table(material)
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=ROWS)


def to_table(material: Material) -> pa.Table:
    """The table; the schema's metadata says what `Material.about` does, that of a column its unit and codes."""
    import pyarrow as pa

    items = material.items
    said = units()
    columns: dict[str, Any] = {
        "type": pa.array([_TYPE[type(item)] for item in items], pa.string()),
        "time_utc": pa.array([item.utc_ms for item in items], pa.timestamp("ms", tz="UTC")),
    }
    for names, kind in ((_TEXTS, pa.string()), (_WHOLES, pa.int64()), (_NUMBERS, pa.float64())):
        for name in names:
            columns[name] = pa.array([getattr(item, name, None) for item in items], kind)
    for name in _LISTS:
        columns[name] = pa.array([getattr(item, name, None) for item in items], pa.list_(pa.string()))
    pairs = [item.reasons if isinstance(item, Reading) else None for item in items]
    columns["reasons"] = pa.array(pairs, pa.map_(pa.string(), pa.string()))
    for name in _WAVES:
        columns[name] = _samples(items, name)
    fields = [pa.field(name, column.type, metadata=said.get(name)) for name, column in columns.items()]
    about = json.dumps(material.about(), ensure_ascii=False)
    return pa.Table.from_arrays(list(columns.values()), schema=pa.schema(fields, metadata={ABOUT: about}))


def _samples(items: Sequence[Item], name: str) -> pa.Array:
    """One list of samples a wave; flat, as four hours have three million of them."""
    import pyarrow as pa

    values, offsets = array("i"), array("i", [0])
    missing = array("b")
    for item in items:
        if isinstance(item, Wave):
            values.extend(item.red if name == "red" else item.ir)
        missing.append(not isinstance(item, Wave))
        offsets.append(len(values))
    flat = pa.array(values, pa.int32())
    mask = pa.array(missing, pa.int8()).cast(pa.bool_())
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), flat, mask=mask)


def read(path: Path) -> tuple[dict[str, Any], Iterator[Item]]:
    """What such a file says of itself, and its items. Raises UsageError where it is none of ours."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        if path.suffix == ".parquet":
            table = parquet.read_table(path)
        else:
            with pa.memory_map(str(path)) as file:
                table = pa.ipc.open_file(file).read_all()
        about = json.loads(table.schema.metadata[ABOUT])
        if not isinstance(about, dict) or not {"type", "time_utc"} <= set(table.column_names):
            raise ValueError("it has not the columns of one")
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path} is no export of Vitalwire: {str(error)[:200]}") from None
    return about, _items(table, path)


def _items(table: pa.Table, path: Path) -> Iterator[Item]:
    made: dict[str, type[Reading] | type[Event] | type[Wave]] = {"reading": Reading, "event": Event, "wave": Wave}
    for batch in table.to_batches(max_chunksize=4096):
        times = batch.column("time_utc").cast("int64").to_pylist()
        for utc_ms, row in zip(times, batch.drop_columns(["time_utc"]).to_pylist(), strict=True):
            kind = made.get(row.pop("type"))
            if kind is None or utc_ms is None:
                raise UsageError(f"{path}: there is a row of no known type or time")
            known = {name: row[name] for name in kind.__dataclass_fields__ if name in row}
            for name in (*_LISTS, *_WAVES, "reasons"):
                if name in known:
                    known[name] = tuple(known[name] or ())
            try:
                yield kind(utc_ms=utc_ms, **known)
            except TypeError as error:
                raise UsageError(f"{path}: a row does not read: {error}") from None


__all__ = ["ABOUT", "read", "to_table", "write_arrow", "write_parquet"]
