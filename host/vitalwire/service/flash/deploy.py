# SPDX-License-Identifier: Apache-2.0
"""From a board's prompt to our firmware: saves, writes a copy, verifies, switches, restarts, proves."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from ...errors import CheckFailed, UsageError, VitalwireError
from ...link.hello import Identity
from . import finding, kept, signing
from .build import Build
from .finding import Found
from .manifest import Manifest, digest, parse
from .plan import ACTIVE, PACKAGE, BoardState, Plan, check_fits, check_room, make_plan
from .prompt import Prompt


class Progress(Protocol):
    """What is told while it goes on."""

    def step(self, text: str, total: int | None = None) -> None:
        """A new piece of work begins; `total`: its size, where it has one."""

    def advance(self, amount: int) -> None:
        """So much of it more is done."""

    def note(self, text: str) -> None:
        """Something to know."""


@dataclass(frozen=True)
class Order:
    """What is wanted. `make_build` gets the board's state; `key`: the site's public key, None where it has none."""

    make_build: Callable[[BoardState], Build]
    keep_folder: Path
    now: datetime
    key: Path | None = None
    restore: Path | None = None
    dry_run: bool = False

    def check_files(self) -> None:
        """Raises UsageError for a file that was named and cannot be used, so that no board is stopped for it."""
        if self.key is not None:
            signing.check_key(self.key)
        if self.restore is not None:
            kept.read_saved(self.restore)


@dataclass(frozen=True)
class Outcome:
    """What was found and done. `after` is None in a dry run."""

    found: Found
    state: BoardState
    build: Build
    plan: Plan
    kept: Path | None
    restored: tuple[str, ...]
    after: Identity | None

    def as_json(self, port: str) -> dict[str, Any]:
        before = running_manifest(self.state)
        manifest = self.build.manifest
        who = self.found.identity
        return {
            "port": port,
            "board": self.state.board,
            "serial": self.state.serial,
            "micropython": self.state.version,
            "found": self.found.what,
            "before": {
                "firmware": before.firmware if before else who.firmware if who else None,
                "manifest_sha256": before.sha256 if before else None,
            },
            "after": {"firmware": manifest.firmware, "manifest_sha256": manifest.sha256},
            "signed": self.build.signature is not None,
            "added": list(self.plan.added),
            "changed": list(self.plan.changed),
            "removed": list(self.plan.removed),
            "nothing_to_do": self.plan.nothing,
            "settings_saved_to": str(self.kept) if self.kept else None,
            "settings_put_back": list(self.restored),
            "proved_by_hello": self.after is not None,
        }


def deploy(port: str, found: Found, prompt: Prompt, order: Order, progress: Progress) -> Outcome:
    """Does it all, up to the handshake.

    Where this raises before anything was written, a board that was at work is put back to work. After that it is left
    at its prompt, and its power taken away and given back lets it work with the firmware of before.
    """
    progress.step("looking at what is on the board")
    state = prompt.state()
    if found.identity is None and state.running:
        found = Found("MicroPython's prompt; Vitalwire firmware is on the board and does not run")
    try:
        build, plan, settings, saved = _prepare(prompt, state, order)
    except (CheckFailed, UsageError):
        with contextlib.suppress(VitalwireError):
            _back_to_work(prompt, state, found)
        raise
    if order.dry_run:
        _back_to_work(prompt, state, found)
        return Outcome(found, state, build, plan, None, (), None)
    if not plan.nothing:
        write(prompt, plan, build, progress)
    restored = tuple(kept.put_back(prompt, settings))
    progress.step("restarting")
    prompt.restart(plan.copy)
    progress.step("waiting for its hello")
    after = finding.handshake(port)
    if after.firmware != build.manifest.firmware:
        raise CheckFailed(
            f"the board says it runs {after.firmware}, and {build.manifest.firmware} was written", "flash it again"
        )
    return Outcome(found, state, build, plan, saved, restored, after)


def _prepare(prompt: Prompt, state: BoardState, order: Order) -> tuple[Build, Plan, dict[str, bytes], Path | None]:
    """Everything that can be refused, before anything is written: build, plan, settings, where they are saved."""
    build = order.make_build(state)
    if order.key is not None:
        signing.check(build.manifest.text(), build.signature, order.key)
    check_fits(state, build)
    plan = make_plan(state, build)
    check_room(state, plan)
    settings = kept.read_settings(prompt)
    if order.restore is not None:
        settings = {**settings, **kept.load_settings(order.restore, state.serial)}
    save = bool(settings) and not order.dry_run
    saved = kept.save_settings(settings, state.serial, order.keep_folder, order.now) if save else None
    return build, plan, settings, saved


def write(prompt: Prompt, plan: Plan, build: Build, progress: Progress) -> None:
    """The copy first, verified; then what lets it run, each in one step; at the end what is not needed any more."""
    prompt.remove(*(f"{plan.copy}/{path}" for path in plan.stale))
    prompt.make_folders(plan.copy, *(f"{plan.copy}/{folder}" for folder in plan.folders))
    progress.step(f"writing {len(plan.write)} files into {plan.copy}", plan.total_bytes)
    for path, data in plan.write.items():
        prompt.write(f"{plan.copy}/{path}", data, progress.advance)
    progress.step("verifying every file by its SHA-256")
    verify(prompt, plan.copy, build)
    progress.step("switching to it")
    for path in plan.root:
        if path != "boot.py":
            prompt.replace(path, build.files[path])
    prompt.replace(ACTIVE, plan.copy.encode())
    if "boot.py" in plan.root:
        prompt.replace("boot.py", build.files["boot.py"])
    if plan.leftovers:
        prompt.remove(PACKAGE)


def verify(prompt: Prompt, copy: str, build: Build) -> None:
    """Raises CheckFailed where what the board reads back is not what the build says."""
    there = {path.removeprefix(f"{copy}/"): sha for path, sha in prompt.hashes(copy).items()}
    wanted = {path: digest(data) for path, data in build.copied.items()}
    wrong = sorted(path for path in wanted | there if there.get(path) != wanted.get(path))
    if wrong:
        raise CheckFailed(
            f"the board reads {wrong[0]} back otherwise than it was written ({len(wrong)} files in all)",
            "its old firmware still runs; flash it again, and if it says so again its flash is worn out",
        )


def running_manifest(state: BoardState) -> Manifest | None:
    """The manifest of what runs there; None where there is none that can be read."""
    if state.manifest is None:
        return None
    try:
        return parse(state.manifest, "the board's manifest")
    except (CheckFailed, json.JSONDecodeError):
        return None


def _back_to_work(prompt: Prompt, state: BoardState, found: Found) -> None:
    """The board does again what it did."""
    if found.identity is not None and not found.identity.service:
        prompt.restart(state.active or "")
    else:
        prompt.close()


__all__ = ["Order", "Outcome", "Progress", "deploy", "running_manifest", "verify", "write"]
