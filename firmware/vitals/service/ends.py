# SPDX-License-Identifier: Apache-2.0
"""How service work ends; the numbers are those of SELFTEST_END on the wire, held equal by a test."""

from micropython import const

from vitals.link import wire

DONE = const(0)
ABORTED = const(1)
PULSE_SEEN = const(2)
SENSOR_FAULT = const(3)
NOT_INFLATED = const(4)
OVER_PRESSURE = const(5)
INTERLOCK = const(6)
EXTERNAL_TRIPPED = const(7)
TIMEOUT = const(8)
NOT_FITTED = const(9)
SUPPLY_LOW = const(10)
BUTTON = const(11)

_OF_OUTCOME = {
    wire.NIBP_OUTCOME_OK: DONE,
    wire.NIBP_OUTCOME_ABORTED: ABORTED,
    wire.NIBP_OUTCOME_NO_INFLATION: NOT_INFLATED,
    wire.NIBP_OUTCOME_LEAK: NOT_INFLATED,
    wire.NIBP_OUTCOME_BLOCKED: NOT_INFLATED,
    wire.NIBP_OUTCOME_OVER_PRESSURE: OVER_PRESSURE,
    wire.NIBP_OUTCOME_INTERLOCK: INTERLOCK,
    wire.NIBP_OUTCOME_EXTERNAL_TRIPPED: EXTERNAL_TRIPPED,
    wire.NIBP_OUTCOME_TIMEOUT: TIMEOUT,
    wire.NIBP_OUTCOME_SUPPLY_LOW: SUPPLY_LOW,
}


_OF_REFUSAL = {
    wire.REFUSAL_SUPPLY_LOW: SUPPLY_LOW,
    wire.REFUSAL_INTERLOCK: INTERLOCK,
    wire.REFUSAL_NO_EXTERNAL_LAYER: NOT_FITTED,
}


class EndError(Exception):
    """Ends a piece of service work; its argument is how."""


def of_outcome(outcome):
    """The end that a cycle's outcome means."""
    return _OF_OUTCOME.get(outcome, SENSOR_FAULT)


def of_refusal(refusal):
    """The end where an inflation was refused."""
    return _OF_REFUSAL.get(refusal, SENSOR_FAULT)
