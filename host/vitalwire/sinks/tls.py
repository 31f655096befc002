# SPDX-License-Identifier: Apache-2.0
"""TLS for sinks that hold a connection: `ca=`, `cert=` and `key=` of a URL. HTTP has its own: nobody asks us there."""

from __future__ import annotations

import ssl

from ..errors import UsageError
from .urls import SinkUrl


def client_tls(url: SinkUrl, secure: str) -> ssl.SSLContext | None:
    """What verifies the other side's certificate, by `ca=` or the authorities of the system, and shows ours where it is
    asked for; None where the scheme is not `secure`. Raises UsageError."""
    authority, certificate, key = url.file("ca"), url.file("cert"), url.file("key")
    if url.scheme != secure:
        if authority or certificate or key:
            raise UsageError(f"--to {url.shown}: ca=, cert= and key= belong to {secure}://")
        return None
    if key and not certificate:
        raise UsageError(f"--to {url.shown}: key= needs cert= with it")
    try:
        context = ssl.create_default_context(cafile=authority)
    except (OSError, ValueError):
        raise UsageError(f"--to {url.shown}: {authority} holds no certificate of an authority") from None
    if certificate:
        try:
            # Without a password given, OpenSSL would ask for one at the terminal.
            context.load_cert_chain(certificate, key, password=lambda: "")
        except (OSError, ValueError) as error:
            said = getattr(error, "reason", None) or "no certificate and key in PEM, or the key has a password"
            raise UsageError(f"--to {url.shown}: {certificate} cannot be used as our certificate: {said}") from None
    return context


__all__ = ["client_tls"]
