# SPDX-License-Identifier: Apache-2.0
"""The analogue channels, each through its divider: guard pressure (MPXV5050GP), supply; and the ADC's own noise."""

from world.rng import Rng

# MPXV5050GP at 5 V: 0.2 V at 0 mmHg, 12 mV/mmHg, up to 4.7 V at 375 mmHg; hardly below its zero or above its range.
_GUARD_ZERO_UV = 200000
_GUARD_UV_PER_MMHG = 12000
_GUARD_MIN_UV = 80000
_GUARD_MAX_UV = 4900000


class Analog:
    """What the ADC sees. Reading allocates nothing: the interlock reads in a hard interrupt."""

    def __init__(self, world, port, seed):
        self.world = world
        self.port = port
        self._rng = Rng(seed, 901)
        self.guard_open = False  # a wire is off: the divider pulls the input to ground
        self.guard_drift_mmmhg = 0
        self.guard_gain_ppm = 0  # sensor +-25000, divider +-10000 for the population of healthy boards
        self.guard_stuck_mmmhg = None
        self.extra_spread_lsb = 0

    def guard_uv(self):
        """Voltage at the guard pin, after the 100 k : 200 k divider."""
        if self.guard_open:
            return 0
        mmmhg = self.world.manifold_mmmhg
        if self.guard_stuck_mmmhg is not None:
            mmmhg = self.guard_stuck_mmmhg
        mmmhg += self.guard_drift_mmmhg
        uv = _GUARD_ZERO_UV + mmmhg * _GUARD_UV_PER_MMHG // 1000
        uv += uv * self.guard_gain_ppm // 1000000
        if uv < _GUARD_MIN_UV:
            uv = _GUARD_MIN_UV
        elif uv > _GUARD_MAX_UV:
            uv = _GUARD_MAX_UV
        return uv * 2 // 3

    def supply_uv(self):
        """Voltage at the supply pin, after the 100 k : 33 k divider."""
        return self.world.supply_mv * 1000 * 33 // 133

    def uv(self, net):
        """Voltage at a net; 0 where nothing analogue is wired."""
        if net == "guard_adc":
            return self.guard_uv()
        if net == "supply_adc":
            return self.supply_uv()
        return 0

    def raw12(self, net, fullscale_uv):
        """A 12-bit conversion with the port's noise (triangular; its effective bits are in the port's table)."""
        raw = self.uv(net) * 4096 // fullscale_uv + self._rng.spread(self.port.adc_spread_lsb)
        if self.extra_spread_lsb and net == "guard_adc":
            raw += self._rng.spread(self.extra_spread_lsb)
        if raw < 0:
            return 0
        return 4095 if raw > 4095 else raw
