# SPDX-License-Identifier: Apache-2.0
"""Counts the bytecodes that a piece of Python work executes, near to what MicroPython would interpret.

CPython executes other bytecodes than MicroPython, but from the same stack machine: loads, stores, operations, jumps and
calls are one each in both. What only CPython has (frame keeping, call preparation, caches) is left out, and what newer
versions of it melt into one is counted as what it was; so the count hardly depends on the version. Whoever turns counts
into time has to count the programs whose time is known in this same way.
"""

from __future__ import annotations

import dis
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any

# CPython's own housekeeping: MicroPython has no such bytecode.
_NOTHING = frozenset(
    {
        *("CACHE", "COPY_FREE_VARS", "END_FOR", "EXTENDED_ARG", "JUMP_BACKWARD_NO_INTERRUPT", "KW_NAMES", "MAKE_CELL"),
        *("NOP", "NOT_TAKEN", "POP_ITER", "PRECALL", "PUSH_NULL", "RESUME", "RETURN_GENERATOR", "TO_BOOL"),
    }
)
# Two in one.
_TWO = frozenset(
    {
        *("LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW", "STORE_FAST_LOAD_FAST"),
        *("STORE_FAST_STORE_FAST", "RETURN_CONST", "LOAD_SUPER_ATTR"),
    }
)


def weight(name: str) -> int:
    """How many of MicroPython's bytecodes one of CPython's stands for."""
    return 0 if name in _NOTHING else 2 if name in _TWO else 1


class OpcodeCounter:
    """Counts inside `with counter:`, in frames whose file `counted` accepts; `paused()` leaves out what runs in it.

    `total` is the count so far, `functions` the same by function. It uses `sys.settrace`, so no debugger or coverage
    measurement runs meanwhile.
    """

    def __init__(self, counted: Callable[[str], bool]) -> None:
        self.total = 0
        self._counted = counted
        self._files: dict[str, bool] = {}
        self._tracers: dict[CodeType, Callable[..., Any]] = {}
        self._tallies: list[tuple[str, list[int]]] = []
        self._before: Any = None

    def __enter__(self) -> OpcodeCounter:
        self._before = sys.gettrace()
        sys.settrace(self._enter)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    @contextmanager
    def paused(self) -> Iterator[None]:
        active = sys.gettrace()
        sys.settrace(None)
        try:
            yield
        finally:
            sys.settrace(active)

    @property
    def functions(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for name, (count,) in self._tallies:
            found[name] += count
        return found

    def _enter(self, frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        if event != "call":
            return None
        if code.co_filename not in self._files:
            self._files[code.co_filename] = self._counted(code.co_filename)
        if not self._files[code.co_filename]:
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        if code not in self._tracers:
            self._tracers[code] = self._tracer(code)
        return self._tracers[code]

    def _tracer(self, code: CodeType) -> Callable[..., Any]:
        weights = {instruction.offset: weight(instruction.opname) for instruction in dis.get_instructions(code)}
        tally = [0]
        self._tallies.append((code.co_qualname, tally))

        def each(frame: FrameType, event: str, _: Any) -> Any:
            if event == "opcode":
                executed = weights[frame.f_lasti]
                self.total += executed
                tally[0] += executed
            return each

        return each
