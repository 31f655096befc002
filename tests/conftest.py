# SPDX-License-Identifier: Apache-2.0
"""What holds for every test: what it starts can be interrupted, however the tests themselves were started."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """A shell makes what it starts in the background deaf to Ctrl-C, and all that this starts in turn."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
