# SPDX-License-Identifier: Apache-2.0
"""Signatures of manifests (Ed25519): a site that has named a public key flashes only what was signed for it."""

from __future__ import annotations

import base64
import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from ...errors import CheckFailed, UsageError
from ...given_files import read_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_MAKE: Final = "`vitalwire image keys` makes a pair"
KEY_PLACE: Final = "VITALWIRE_FIRMWARE_KEY"
"""Names the file with this site's public key."""
KEY_MAX: Final = 64 << 10


def site_key(given: Path | None) -> Path | None:
    """The public key that this site has configured: `given`, else what `VITALWIRE_FIRMWARE_KEY` names, else None."""
    if given is not None:
        return given
    named = os.environ.get(KEY_PLACE)
    return Path(named) if named else None


def make_keys(folder: Path) -> tuple[Path, Path]:
    """Makes a pair of keys: (private, public), PEM files. Refuses to replace one."""
    serialization, ed25519 = _library()
    private, public = folder / "firmware-private.pem", folder / "firmware-public.pem"
    for path in (private, public):
        if path.exists():
            raise UsageError(f"{path} is there already", "a lost private key cannot be made again: name another folder")
    key = ed25519.Ed25519PrivateKey.generate()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(
                key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
            )
        public.write_bytes(
            key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
    except OSError as error:
        if not isinstance(error, FileExistsError):  # somebody else's, made meanwhile
            for path in (private, public):  # half a pair is of no use, and would stand in the way
                with contextlib.suppress(OSError):
                    path.unlink()
        raise UsageError(f"{folder}: {error.strerror}", "name a folder that can be written to") from None
    return private, public


def sign(text: str, private: Path) -> str:
    """The signature of a manifest's text, base64. Raises UsageError for a key that cannot be used."""
    serialization, ed25519 = _library()
    try:
        key = serialization.load_pem_private_key(_read(private), password=None)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{private} is no private key without a password", _MAKE) from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise UsageError(f"{private} is not an Ed25519 key", _MAKE)
    return base64.b64encode(key.sign(text.encode())).decode() + "\n"


def check(text: str, signature: str | None, public: Path) -> None:
    """Raises CheckFailed where `signature` is none of this site's for this text."""
    key = _public(public)
    if signature is None:
        raise CheckFailed(
            f"this firmware is not signed, and this site takes only what its key {public} has signed",
            "flash a signed build with --build FOLDER",
        )
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(base64.b64decode(signature.strip(), validate=True), text.encode())
    except (InvalidSignature, ValueError):
        raise CheckFailed(
            f"the firmware's signature is not that of this site's key {public}: it was changed, or signed by another",
            "do not use it; ask who made it",
        ) from None


def check_key(public: Path) -> None:
    """Raises UsageError for a file that holds no public key."""
    _public(public)


def _public(path: Path) -> Ed25519PublicKey:
    serialization, ed25519 = _library()
    try:
        key = serialization.load_pem_public_key(_read(path))
    except ValueError as error:
        raise UsageError(f"{path} is no public key", _MAKE) from error
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise UsageError(f"{path} is not an Ed25519 key", _MAKE)
    return cast("Ed25519PublicKey", key)


def _read(path: Path) -> bytes:
    return read_bytes(path, "name the file with the key", KEY_MAX)


def _library() -> tuple[Any, Any]:
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise CheckFailed("cryptography is not installed", "pip install 'vitalwire[flash]'") from error
    return serialization, ed25519


__all__ = ["KEY_PLACE", "check", "check_key", "make_keys", "sign", "site_key"]
