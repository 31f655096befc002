# SPDX-License-Identifier: Apache-2.0
"""Where the files of the board are: firmware and simulated board. Nothing else computes these paths.

A wheel carries them inside the package; in a checkout they are beside `host/`. The packaged folder exists only in a
built wheel, so an editable install always uses the checkout.
"""

from __future__ import annotations

from pathlib import Path

from .errors import CheckFailed


def root() -> Path:
    """The folder that holds `firmware/`, `hardware/twin/` and `hardware/pinout.csv`."""
    package = Path(__file__).resolve().parent
    packaged = package / "_board"
    if packaged.is_dir():
        return packaged
    checkout = package.parent.parent
    if (checkout / "firmware").is_dir() and (checkout / "hardware" / "pinout.csv").is_file():
        return checkout
    raise CheckFailed(f"the board's files are missing from {package}", "install vitalwire again")


def firmware() -> Path:
    """The folder with exactly what goes on a board."""
    return root() / "firmware"


def twin() -> Path:
    """The folder of the simulated board."""
    return root() / "hardware" / "twin"


__all__ = ["firmware", "root", "twin"]
