# SPDX-License-Identifier: Apache-2.0
"""`vitalwire image`: firmware as files."""

from __future__ import annotations

from pathlib import Path

import click

from .common import json_option, print_json, say

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_BOARDS = ("pico", "pico2", "esp32s3")


@click.group()
def command() -> None:
    """Builds of the firmware as files.

    \b
    Examples:
      vitalwire image build pico --micropython RPI_PICO.uf2 --out vitalwire-pico.uf2
      vitalwire image firmware pico2 builds/pico2          for `flash --build`
      vitalwire image keys site                            a site flashes only what it has signed
      vitalwire image sign builds/pico2 --private site/firmware-private.pem
    """


@command.command()
@click.argument("board", type=click.Choice(_BOARDS))
@click.option("--micropython", type=_FILE, required=True, help="A UF2 of MicroPython 1.26 or newer for this board.")
@click.option("--out", type=_FILE, required=True, help="The UF2 file that is written.")
@click.option("--build", "build_folder", type=_FOLDER, help="A build of `image firmware` instead of one made now.")
@click.option("--key", type=_FILE, help="Take only what this public key has signed [VITALWIRE_FIRMWARE_KEY].")
@json_option
def build(board: str, micropython: Path, out: Path, build_folder: Path | None, key: Path | None, as_json: bool) -> None:
    """Make one UF2 of MicroPython and the firmware.

    Hold BOOTSEL while the board is plugged in, and drag the file onto the drive that appears. It ERASES the board's
    configuration and calibration: the board then shows "not calibrated". To keep them use `vitalwire flash`.

    \b
    Example:
      vitalwire image build pico --micropython RPI_PICO-v1.28.uf2 --out vitalwire-pico.uf2
    """
    from ..errors import CheckFailed, UsageError
    from ..given_files import write_whole
    from ..service.flash import image, signing
    from ..service.flash.build import compile_build, read_build

    say(image.ERASES)
    image.check_board(board)
    if out.exists() and micropython.exists() and out.samefile(micropython):
        raise UsageError(f"{out} would be written over the MicroPython that it is made of", "name another --out")
    made = compile_build(board) if build_folder is None else read_build(build_folder)
    if made.manifest.board != board:
        raise CheckFailed(
            f"the build in {build_folder} is for {made.manifest.board}, not {board}", "take its own build"
        )
    site = signing.site_key(key)
    if site is not None:
        signing.check(made.manifest.text(), made.signature, site)
    data = image.combine(image.read_file(micropython), made, str(micropython))
    write_whole(out, data, "name a file that can be written")
    about = {
        "erases": "configuration and calibration",
        "file": str(out),
        "bytes": len(data),
        "board": board,
        "firmware": made.manifest.firmware,
        "protocol": made.manifest.protocol,
        "manifest_sha256": made.manifest.sha256,
        "signed": made.signature is not None,
    }
    if as_json:
        print_json(about)
        return
    click.echo(f"{out}: {len(data) / 1024:.0f} KB for a {board}, firmware {made.manifest.firmware}")
    click.echo(f"signature    {'signed' if about['signed'] else 'NOT SIGNED'}, manifest {made.manifest.sha256[:12]}")


@command.command()
@click.argument("board", type=click.Choice(_BOARDS))
@click.argument("folder", type=_FOLDER)
@json_option
def firmware(board: str, folder: Path, as_json: bool) -> None:
    """Compile the firmware for BOARD into FOLDER, with its manifest.

    \b
    Example:
      vitalwire image firmware pico2 builds/pico2
    """
    from ..service.flash.build import compile_build, write_build

    made = compile_build(board)
    write_build(made, folder)
    size = sum(map(len, made.files.values()))
    if as_json:
        print_json({"folder": str(folder), "bytes": size, "manifest_sha256": made.manifest.sha256, "signed": False})
    else:
        click.echo(
            f"{folder}: {len(made.files)} files, {size / 1024:.0f} KB, manifest {made.manifest.sha256[:12]}, NOT SIGNED"
        )


@command.command()
@click.argument("folder", type=_FOLDER)
def keys(folder: Path) -> None:
    """Make a pair of Ed25519 keys in FOLDER.

    Keep the private one where builds are made and nowhere else. Name the public one with VITALWIRE_FIRMWARE_KEY or
    --key on every computer that flashes boards: then `flash` takes only what was signed.
    """
    from ..service.flash.signing import make_keys

    private, public = make_keys(folder)
    click.echo(f"private  {private}  keep it secret")
    click.echo(f"public   {public}  for every computer that flashes boards")


@command.command()
@click.argument("folder", type=_FOLDER)
@click.option("--private", type=_FILE, required=True, help="The private key.")
def sign(folder: Path, private: Path) -> None:
    """Sign the build in FOLDER, after checking every file of it.

    \b
    Example:
      vitalwire image sign builds/pico --private site/firmware-private.pem
    """
    from ..service.flash.build import sign_build

    made = sign_build(folder, private)
    click.echo(f"{folder}: signed, manifest {made.manifest.sha256[:12]}")
