# SPDX-License-Identifier: Apache-2.0
"""`vitalwire verify`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import CheckFailed
from .common import json_option, print_json, say

if TYPE_CHECKING:
    from ..record.verify import Verified

PRINTED = (
    "not compared. Whoever writes the whole chain anew, and all that is here with it, shows only against the head that "
    "was printed when the session was closed: --head HASH"
)


@click.command()
@click.argument("session", required=False, type=click.Path(path_type=Path))
@click.option("--head", "hash_", default="", metavar="HASH", help="The head that was printed when it was closed.")
@json_option
def command(session: Path | None, hash_: str, as_json: bool) -> None:
    """Check a session's record: is it whole, and is every file as the capture gives it?

    SESSION is a session's folder, a folder of sessions (its latest one), or the name of a session or the beginning of
    one. Without it the latest session is taken and named. Sessions are looked for in ~/Vitalwire, or in the folder
    that the environment variable VITALWIRE_SESSIONS names.

    The capture is sealed in chunks of at most 1 s or 4 KB, each seal a hash over all before it. The first chunk that
    is bad or missing is named with its place in the file and its times. vitals.csv, events.csv and oscillograms.csv
    are made again from the capture and compared, byte for byte; so is what session.json says.

    \b
    closed                           the session ended, and its record is whole
    not closed                       it goes on, or was cut off; what was written reads
    shorter than its recorded head   the end is missing: session.json tells of more
    damaged                          a chunk is not what was written

    A chain that somebody wrote anew as a whole, session.json and the CSVs with it, agrees with itself. That shows only
    against the head that `vitalwire monitor` printed when it closed the session: give it with --head.

    Exit code 0: closed, whole and equal in every file. 1: something is not.

    \b
    Examples:
      vitalwire verify                                      the latest session
      vitalwire verify ~/Vitalwire/20260101T000000Z_bed4
      vitalwire verify 20260101T0000 --head "3f1c 09aa 5b7e 2d10"
      vitalwire verify --json | jq .findings
    """
    from ..record.folder import find_session
    from ..record.verify import head_digits, verify

    digits = head_digits(hash_) if hash_ else ""
    folder = find_session(session)
    say(f"verifying {printable(folder)}")
    found = verify(folder, digits)
    if as_json:
        print_json(found.as_json())
    else:
        for line in lines(found):
            click.echo(line)
    if not found.ok:
        more = f"; {len(found.findings) - 1} more above" if len(found.findings) > 1 and not as_json else ""
        raise CheckFailed(f"{printable(folder)}: {printable(found.findings[0])}{more}")


def lines(found: Verified) -> Iterator[str]:
    """What was found, for people."""
    from ..record.times import local_text, span_text

    length = "" if found.duration_ms is None else f", {span_text(found.duration_ms)} long"
    began = "" if found.setup is None else f", begun {local_text(found.setup.started_utc_ms)}"
    yield f"state     {found.state}{began}{length}"
    if found.capture is not None:
        yield f"chain     {found.capture.chunks} good chunks, {found.size} bytes"
        yield f"head      {found.capture.head.hex()}"
        yield f"          in session.json: {found.recorded_head.replace('_', ' ')}"
        given = found.given_head.replace("_", " ")
        if found.given_head == "not_compared":
            given = f"{given}, because the chain is broken" if found.broken else PRINTED
        yield f"          printed at close: {given}"
    for check in found.files:
        yield printable(f"file      {check}")
    for text in found.findings:
        yield printable(f"WRONG     {text}")
    for text in found.notes:
        yield printable(f"note      {text}")


def printable(text: object) -> str:
    """Without anything that a terminal would obey or could not show: a record may come from anywhere."""
    return "".join(c if c.isprintable() else "?" for c in str(text))


__all__ = ["command", "lines", "printable"]
