# SPDX-License-Identifier: Apache-2.0
"""Which kinds of sinks there are: every entry point of the group `vitalwire.sinks`, ours and others'."""

from __future__ import annotations

import importlib.util
from importlib.metadata import EntryPoint, entry_points

from ..errors import UsageError
from .base import GROUP, Sink, SinkKind
from .urls import SinkUrl


def load_kinds() -> tuple[list[SinkKind], list[str]]:
    """All kinds by name, and a sentence for each entry point that does not load: one bad plug-in stops no other."""
    kinds, bad = [], []
    for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        try:
            kinds.append(_load(point))
        except Exception as error:
            bad.append(f"{point.name} ({point.value}) does not load: {type(error).__name__}: {error}")
    return kinds, bad


def _load(point: EntryPoint) -> SinkKind:
    kind = point.load()
    if not isinstance(kind, SinkKind):
        raise TypeError("its object is no SinkKind")
    return kind


def missing(kind: SinkKind) -> list[str]:
    """The libraries that this kind needs and that are not installed."""
    return [module for module in kind.modules if importlib.util.find_spec(module.split(".")[0]) is None]


def install_hint(kind: SinkKind) -> str:
    """What a person types to get them."""
    return f"pip install 'vitalwire[{kind.extra}]'" if kind.extra else f"pip install {' '.join(kind.modules)}"


def make_sink(text: str) -> tuple[str, SinkKind, Sink]:
    """The sink of a URL: how it is called in messages, its kind, and itself, not yet connected.

    Raises UsageError for a URL that nobody takes, one that its kind cannot use, and where a library is missing.
    """
    url = SinkUrl(text)
    kinds, bad = load_kinds()
    for kind in kinds:
        if url.scheme in kind.schemes:
            absent = missing(kind)
            if absent:
                raise UsageError(f"--to {url.shown} needs {', '.join(absent)}", install_hint(kind))
            sink = kind.make(url)
            url.finish()
            return url.shown, kind, sink
    known = ", ".join(scheme for kind in kinds for scheme in kind.schemes)
    more = f" ({'; '.join(bad)})" if bad else ""
    raise UsageError(f"--to {url.shown}: no sink takes {url.scheme}:{more}", f"there are: {known}")


__all__ = ["install_hint", "load_kinds", "make_sink", "missing"]
