# SPDX-License-Identifier: Apache-2.0
"""Pump, its second switch, and the two valves. De-energised is safe: pump off, valves open."""


def _duty(permille):
    return permille * 65535 // 1000


class Pneumatics:
    """What is set now, and the one place that sets it. The interlock holds this object too, from a timer's interrupt.

    `inhibited` is set by the interlock; while it is true nothing is energised. `energised` and `pumping` say what the
    outputs do.
    """

    def __init__(self, pump_pwm, pump_enable, bleed_pwm, dump):
        self._pump = pump_pwm
        self._enable = pump_enable
        self._bleed = bleed_pwm
        self._dump = dump
        self.inhibited = False
        self.energised = False
        self.pumping = False
        self.pump_permille = 0
        self._bleed_permille = 0
        self._dump_shut = False
        self._enabled = False
        self.cut()

    def apply(self, pump_permille, pump_enable, bleed_permille, dump_shut):
        """Sets the outputs: pump 0..1000, bleed 0 (open) .. 1000 (shut). Returns False if the interlock forbids it."""
        if self.inhibited:
            self.cut()
            return not (pump_permille or pump_enable or bleed_permille or dump_shut)
        if (
            pump_permille == self.pump_permille
            and bleed_permille == self._bleed_permille
            and pump_enable == self._enabled
            and dump_shut == self._dump_shut
        ):
            return True
        # Said before it is done, so that the interlock's tick in between sees the worse of the two.
        if pump_permille or pump_enable or bleed_permille or dump_shut:
            self.energised = True
        if pump_enable and pump_permille:
            self.pumping = True
        self._set(pump_permille, pump_enable, bleed_permille, dump_shut)
        self.energised = bool(pump_permille or pump_enable or bleed_permille or dump_shut)
        self.pumping = bool(pump_enable and pump_permille)
        if self.inhibited:
            # The interlock tripped between the first look and the last output.
            self.cut()
            return False
        return True

    def _set(self, pump_permille, pump_enable, bleed_permille, dump_shut):
        if not pump_enable:
            self._enable.value(0)
        self._pump.duty_u16(_duty(pump_permille))
        self._bleed.duty_u16(_duty(bleed_permille))
        self._dump.value(1 if dump_shut else 0)
        if pump_enable:
            self._enable.value(1)
        self.pump_permille = pump_permille
        self._enabled = pump_enable
        self._bleed_permille = bleed_permille
        self._dump_shut = dump_shut

    def cut(self):
        """Pump off, valves open, now. Allocates nothing: it is called from the interlock's interrupt."""
        self._enable.value(0)
        self._pump.duty_u16(0)
        self._bleed.duty_u16(0)
        self._dump.value(0)
        self.pump_permille = 0
        self._enabled = False
        self._bleed_permille = 0
        self._dump_shut = False
        self.energised = False
        self.pumping = False
