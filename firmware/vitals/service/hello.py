# SPDX-License-Identifier: Apache-2.0
"""The hello in service mode, where no application runs."""

from vitals.link.outbox import Outbox
from vitals.link.telemetry import Telemetry
from vitals.parts import identity
from vitals.store.config import Config
from vitals.store.storage import Storage


def say_hello(board, log, within_ms):
    """One hello. Gives up after `within_ms` if nobody takes it."""
    config = Config(Storage(board.storage_path))
    outbox = Outbox(1024)
    clock = board.clock
    now = clock.now_ms()
    fault = log.service_fault or log.fault
    bits = identity.capabilities(board, config.own_supply, False)
    name = identity.text(board.serial, config.bed_label)
    Telemetry(outbox, None).hello(now, board.kind, log.cause, fault, 1, bits, log.boot, name)
    end_ms = now + within_ms
    outbox.flush(board.wire)
    while outbox.pending and clock.now_ms() < end_ms:
        clock.sleep_until(clock.now_ms() + 5)
        outbox.flush(board.wire)
