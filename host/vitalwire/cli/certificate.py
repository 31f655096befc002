# SPDX-License-Identifier: Apache-2.0
"""`vitalwire certificate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..errors import UsageError
from ..given_files import read_json
from .common import json_option, print_json, say


@click.command()
@click.argument("result", metavar="RESULT.json", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="[~/Vitalwire/certificates]")
@click.option("--due-months", type=click.IntRange(1, 60), default=12, show_default=True, help="When it is due again.")
@click.option("--store", type=click.Path(path_type=Path), metavar="DIR", help="History of calibrations.")
@json_option
def command(result: Path, out: Path | None, due_months: int, store: Path | None, as_json: bool) -> None:
    """Make the certificate of a board from the result of a self-test that passed.

    Three files named by the serial number and the time of the test: a JSON record with its SHA-256, a self-contained
    page, and a PDF. It is due again after 12 months, or when a calibration falls due before that. The instruments are
    those of the board's calibrations on this computer. A simulated board's says SIMULATED across every page.

    A result that failed or is incomplete yields none: exit code 1, with the reason. Certificates go to
    ~/Vitalwire/certificates, to the folder that VITALWIRE_CERTIFICATES names, or to --out.

    \b
    Examples:
      vitalwire selftest --json > result.json
      vitalwire certificate result.json
      vitalwire certificate result.json --out /media/certificates
    """
    from ..report.certificate import default_folder, make_certificate
    from ..service.calibrate.store import default_folder as calibrations_folder
    from ..service.calibrate.store import history

    given = _read(result)
    device = given.get("device")
    serial = device.get("serial") if isinstance(device, dict) else None
    records, damaged = history(store or calibrations_folder(), serial) if isinstance(serial, str) else ([], [])
    for one in damaged:
        say(f"damaged: {one.path}: {one.why}")
    made = make_certificate(given, out or default_folder(), records, due_months)
    if as_json:
        print_json(
            {
                "type": "certificate", "serial": made.serial, "next_due": made.next_due, "sha256": made.sha256,
                "marks": made.record["marks"], "files": [str(made.json_file), str(made.html_file), str(made.pdf_file)],
            }
        )  # fmt: skip
        return
    for path in (made.json_file, made.html_file, made.pdf_file):
        click.echo(str(path))
    marks = "".join(f"{word}: " for word in made.record["marks"])
    say(f"{marks}board {made.serial} is due again on {made.next_due}")


def _read(path: Path) -> dict[str, Any]:
    given = read_json(path, "give what `vitalwire selftest --json` printed")
    if not isinstance(given, dict):
        raise UsageError(f"{path} is no result of a self-test", "give what `vitalwire selftest --json` printed")
    return given
