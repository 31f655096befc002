# SPDX-License-Identifier: Apache-2.0
"""How service work ends."""

from vitals.link import wire

_OF_OUTCOME = {
    wire.NIBP_OUTCOME_OK: wire.SELFTEST_END_DONE,
    wire.NIBP_OUTCOME_ABORTED: wire.SELFTEST_END_ABORTED,
    wire.NIBP_OUTCOME_NO_INFLATION: wire.SELFTEST_END_NOT_INFLATED,
    wire.NIBP_OUTCOME_LEAK: wire.SELFTEST_END_NOT_INFLATED,
    wire.NIBP_OUTCOME_BLOCKED: wire.SELFTEST_END_NOT_INFLATED,
    wire.NIBP_OUTCOME_OVER_PRESSURE: wire.SELFTEST_END_OVER_PRESSURE,
    wire.NIBP_OUTCOME_INTERLOCK: wire.SELFTEST_END_INTERLOCK,
    wire.NIBP_OUTCOME_EXTERNAL_TRIPPED: wire.SELFTEST_END_EXTERNAL_TRIPPED,
    wire.NIBP_OUTCOME_TIMEOUT: wire.SELFTEST_END_TIMEOUT,
    wire.NIBP_OUTCOME_SUPPLY_LOW: wire.SELFTEST_END_SUPPLY_LOW,
}


_OF_REFUSAL = {
    wire.REFUSAL_SUPPLY_LOW: wire.SELFTEST_END_SUPPLY_LOW,
    wire.REFUSAL_INTERLOCK: wire.SELFTEST_END_INTERLOCK,
    wire.REFUSAL_NO_EXTERNAL_LAYER: wire.SELFTEST_END_NOT_FITTED,
}


class EndError(Exception):
    """Ends a piece of service work; its argument is how: wire.SELFTEST_END_*."""


def of_outcome(outcome):
    """The end that a cycle's outcome means."""
    return _OF_OUTCOME.get(outcome, wire.SELFTEST_END_SENSOR_FAULT)


def of_refusal(refusal):
    """The end where an inflation was refused."""
    return _OF_REFUSAL.get(refusal, wire.SELFTEST_END_SENSOR_FAULT)
