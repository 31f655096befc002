# SPDX-License-Identifier: Apache-2.0
"""Service mode: how a board gets there, what it does there, and how it leaves.

In service mode the outputs are held safe, no watchdog is started (one that runs bites at the REPL too), no sensor is
read and nothing is measured; the REPL is a technician's. It is entered at a restart only, so nothing of a session is
left: the flag is stored in the boot log, the board restarts, and boot.py finds it. It lasts until
`vitalwire flash` takes it back (the boot log's `leave_service`) or power is taken away. No limit and no timer of the
cuff is lifted by it: nothing energises the cuff at all.

A cuff that is known to hold pressure keeps a board out of service mode. One of which nobody knows does not: a board
whose sensors are broken, or not fitted yet, is just the one that a technician has to reach, and service mode opens the
valves.
"""

from vitals.link import wire
from vitals.store import bootlog


def requested_by_buttons(button_a, button_b, cause, cuff_empty):
    """Whether both buttons held at power-on ask for service: only then, and not with pressure in the cuff.

    `cuff_empty` is None if nobody knows.
    """
    return bool(button_a and button_b and cause == bootlog.POWER_ON and cuff_empty is not False)


def refusal(session_open, cuff_empty):
    """Why service mode may not be entered now, wire.REFUSAL_NONE if it may. `cuff_empty` is None if nobody knows."""
    if session_open:
        return wire.REFUSAL_SESSION_OPEN
    if cuff_empty is False:
        return wire.REFUSAL_CUFF_NOT_EMPTY
    return wire.REFUSAL_NONE


def request(log, session_open, cuff_empty):
    """Stores the flag. Returns wire.REFUSAL_*; after REFUSAL_NONE the caller answers the host and restarts."""
    why_not = refusal(session_open, cuff_empty)
    if why_not != wire.REFUSAL_NONE:
        return why_not
    return wire.REFUSAL_NONE if log.intend(bootlog.SERVICE) else wire.REFUSAL_STORAGE


def hold(outputs, say, log):
    """What boot.py does in service mode: outputs safe, and words for whoever finds the REPL.

    `outputs.cut()` de-energises everything; `say(line)` prints a line.
    """
    outputs.cut()
    if log.service_fault == bootlog.CRASH_LOOP:
        say("Vitalwire service mode: the application crashed %d times in a row, last with" % len(log.crashes()))
        say("cause %d, fault %d. Nothing is measured and no alarm is given." % (log.cause, log.fault))
    else:
        say("Vitalwire service mode, as requested. Nothing is measured and no alarm is given.")
    say("Pump off, valves open, no watchdog. Take the power away to start the application again.")
