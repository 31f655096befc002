# SPDX-License-Identifier: Apache-2.0
"""`vitalwire calibrate pressure`, `oximeter` and `history`."""

from __future__ import annotations

import click


class _Parts(click.Group):
    """Imports only the part that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return ["pressure", "oximeter", "history"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name == "pressure":
            from .calibrate_pressure import pressure

            return pressure
        if cmd_name == "oximeter":
            from .calibrate_oximeter import oximeter

            return oximeter
        if cmd_name == "history":
            from .calibrate_history import history

            return history
        return None


@click.group(cls=_Parts)
def command() -> None:
    """Calibrate a board against a reference, check it, and see how it drifts.

    Nothing is calibrated while a session is open on the board. Ctrl-C at any moment empties the cuff; until the board
    is said to be adjusted it changes nothing. Every calibration and check is kept as a file in
    ~/Vitalwire/calibrations/SERIAL, in the folder that the environment variable VITALWIRE_CALIBRATIONS names, or in
    --store.

    \b
    Examples:
      vitalwire calibrate pressure --by AM   against a manometer, on the cylinder
      vitalwire calibrate pressure --check   verify only
      vitalwire calibrate oximeter           against a finger simulator
      vitalwire calibrate history
    """
