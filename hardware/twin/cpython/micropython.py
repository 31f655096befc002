# SPDX-License-Identifier: Apache-2.0
"""`micropython` for CPython: what firmware may use of it, as far as CPython can do it.

`native` and `viper` leave a function as it is; the heap cannot be locked; `schedule` calls at once, because there is no
virtual machine loop to wait for.
"""


def const(value):
    """The value itself."""
    return value


def native(function):
    """The function itself."""
    return function


viper = native


def schedule(function, argument):
    """Calls `function(argument)` at once."""
    function(argument)


def heap_lock():
    """Nothing: allocation cannot be caught here. The same test under MicroPython catches it."""


def heap_unlock():
    """Nothing, as `heap_lock`."""
    return 0


def kbd_intr(char):
    """Nothing: the simulated board's wire takes every byte."""


def opt_level(level=None):
    """Accepts a level; answers 0."""
    return 0 if level is None else None


def mem_info(verbose=None):
    """Nothing to tell."""


def alloc_emergency_exception_buf(size):
    """Nothing: exceptions always find memory here."""
