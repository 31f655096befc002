# SPDX-License-Identifier: Apache-2.0
"""The finger on the sensor: how much red and infrared light comes back, as the counts of an 18-bit converter.

Light falls when the pulse arrives. Constant light comes from the LED current, the person and the converter's full
scale; fractions of it (pulse, breath, movement) are integers in units of 2^-20.

The ratio of ratios belongs to this person's blood and to this sensor. Here it follows the textbooks' line
SpO2 = 110 - 25 R (Webster, ed., "Design of Pulse Oximeters", 1997), which puts R = 1 at 85 %.
"""

from .rng import Rng
from .tables import PHASES, SINE, SYSTOLE

# (SpO2 in 1/1000 %, R in 1/1000), falling SpO2: straight lines between the points.
RATIO_OF_SPO2 = ((100000, 400), (50000, 2400))
FULL_COUNT = (1 << 18) - 1
# From the heart to the fingertip.
TRANSIT_US = 220000
# Script, breath and movement are looked at in steps of this; in between they run in straight lines.
SLOT_US = 125000
# A systole does not get longer than this, however slow the heart.
LONGEST_SYSTOLE_US = 310000
# Light of a sensor that sees no finger, in percent of a finger's: cross-talk inside the clip.
EMPTY_LIGHT_PCT = 2
# Below this share of its light the sensor sees no flesh, only cross-talk: no pulse in it.
LEAST_LIGHT_PCT = 10
_FULL_MOTION = 52429  # 5 % in 2^-20
_OFF = -1 << 62


def ratio_of_spo2(spo2_milli_pct):
    """R in 1/1000 at an SpO2 in 1/1000 %, on straight lines between the points of RATIO_OF_SPO2."""
    i = 1
    while i < len(RATIO_OF_SPO2) - 1 and spo2_milli_pct < RATIO_OF_SPO2[i][0]:
        i += 1
    upper, lower = RATIO_OF_SPO2[i - 1], RATIO_OF_SPO2[i]
    return lower[1] + (upper[1] - lower[1]) * (spo2_milli_pct - lower[0]) // (upper[0] - lower[0])


class Finger:
    """Makes samples of red and infrared. Faults set `light_pct`, `motion_pct`, `perfusion_milli_pct` (None: script)."""

    def __init__(self, script, heart, seed, recording=None):
        self._script = script
        self._heart = heart
        self._recording = recording
        self._noise = Rng(seed, 2)
        self._shake = Rng(seed, 3)
        self.light_pct = None
        self.motion_pct = None
        self.perfusion_milli_pct = None
        self.open_permille = 1000  # how much of the pulse passes a cuff on the same arm
        self._beat_number = 0
        self._run_end_us = _OFF  # until then the lines below hold
        self._slot_end_us = _OFF
        self._breath_q16 = 0
        self._shape = script.person["ppg"]
        self._own_shake = script.person["shake"]
        # Of photodiode and converter, half width of a triangle.
        self._noise_pa = script.person["finger_noise_pa"]
        self._line_us = 0  # baseline: start of its line, value there and slope, in 2^-20 and 2^-40 per us
        self._line_from = 0
        self._line_to = 0
        self._motion_from = 0
        self._motion_to = 0
        self._phase_us = 0
        self._phase_from = 0
        self._phase_gain = 0
        self._ac_ir = 0
        self._ac_red = 0
        # A generator, because MicroPython would allocate the frame of so large a function on its heap at every call.
        sampler = self._samples()
        next(sampler)
        self._synthesise = sampler.send

    def fill(self, n, period_us, red, ir, led_red_ua, led_ir_ua, fullscale_na, t_us):
        """Put `n` samples, `period_us` apart, the first of them at `t_us`, into red[] and ir[]."""
        if self._recording is not None:
            self._recording.fill(n, period_us, red, ir, led_red_ua, led_ir_ua, t_us)
            return
        self._red = red
        self._ir = ir
        self._t_us = t_us
        self._period_us = period_us
        self._fullscale_na = fullscale_na
        # Counts of a finger's constant light in 1/100; the products stay below 2^50.
        person = self._script.person
        self._dc_red = (led_red_ua * person["red_pa_per_ua"] << 18) // (fullscale_na * 10)
        self._dc_ir = (led_ir_ua * person["infrared_pa_per_ua"] << 18) // (fullscale_na * 10)
        self._synthesise(n)

    def _samples(self):
        """Takes a number and makes so many samples, in runs: in a run all is a line or one piece of the pulse."""
        shape, top = self._shape, FULL_COUNT
        while True:
            n = yield
            red, ir = self._red, self._ir
            t, period_us = self._t_us, self._period_us
            noise = (self._noise_pa << 18) // (self._fullscale_na * 1000) + 1
            x = self._noise.state
            i = 0
            while i < n:
                if t >= self._run_end_us:
                    self._next_run(t)
                stop = i + (self._run_end_us - t + period_us - 1) // period_us
                if stop > n:
                    stop = n
                dc_red = self._dc_red * self._light // 10000
                dc_ir = self._dc_ir * self._light // 10000
                dark = (self._ambient_pa << 18) // (self._fullscale_na * 1000)
                line_us, line, slope = self._line_us, self._line_from, self._line_slope
                shake, shake_slope = self._motion_from, self._motion_slope
                phase_us, phase_from, gain = self._phase_us, self._phase_from, self._phase_gain
                ac_ir, ac_red = self._ac_ir, self._ac_red
                while i < stop:
                    k = phase_from + ((t - phase_us) * gain >> 20)
                    w = shape[k >> 8]
                    w += (shape[(k >> 8) + 1] - w) * (k & 255) >> 8
                    base = line + ((t - line_us) * slope >> 20)
                    move = shake + ((t - line_us) * shake_slope >> 20)
                    x ^= (x << 13) & 0xFFFFFFFF
                    x ^= x >> 17
                    x ^= (x << 5) & 0xFFFFFFFF
                    v = dc_red - (dc_red * ((ac_red * w >> 14) + base + move) >> 20)
                    v += dark + (((x & 255) - (x >> 8 & 255)) * noise >> 8)
                    red[i] = 0 if v < 0 else top if v > top else v
                    # Infrared goes deeper and is shaken less.
                    v = dc_ir - (dc_ir * ((ac_ir * w >> 14) + base + (move * 3 >> 2)) >> 20)
                    v += dark + (((x >> 16 & 255) - (x >> 24)) * noise >> 8)
                    ir[i] = 0 if v < 0 else top if v > top else v
                    t += period_us
                    i += 1
            self._noise.state = x

    def _next_run(self, t_us):
        """Set the lines that hold from `t_us` to the next end of a slot or of a beat's part."""
        if t_us >= self._slot_end_us:
            self._next_slot(t_us)
        body_us = t_us - TRANSIT_US
        heart = self._heart
        self._beat_number = heart.number_at(body_us, self._beat_number)
        beat = heart.beats[self._beat_number - heart.first_number]
        systole_us = min(LONGEST_SYSTOLE_US, beat.length_us * 3 // 8)
        notch_us = beat.start_us + systole_us
        if body_us < notch_us:
            self._phase_us = beat.start_us + TRANSIT_US
            self._phase_from = 0
            self._phase_gain = (SYSTOLE << 28) // systole_us
            end_us = notch_us
        else:
            self._phase_us = notch_us + TRANSIT_US
            self._phase_from = SYSTOLE << 8
            self._phase_gain = (PHASES - SYSTOLE << 28) // (beat.length_us - systole_us)
            end_us = beat.end_us
        strength = beat.strength_q10 * self.open_permille // 1000
        self._ac_ir = self._pulse * strength >> 10
        self._ac_red = self._ac_ir * self._ratio // 1000
        self._run_end_us = min(self._slot_end_us, end_us + TRANSIT_US)

    def _next_slot(self, t_us):
        """Read the script and draw breath and movement as lines to the end of the slot (a grid of SLOT_US)."""
        start_us = t_us // SLOT_US * SLOT_US
        self._slot_end_us = start_us + SLOT_US
        now = self._script.update(max(0, start_us // 1000))
        light = self.light_pct
        if light is None:
            light = 100 if now["finger"] else EMPTY_LIGHT_PCT
        self._light = light
        self._ambient_pa = now["ambient_na"]
        self._ratio = ratio_of_spo2(now["spo2_pct"])
        perfusion = now["perfusion_pct"] if self.perfusion_milli_pct is None else self.perfusion_milli_pct
        on = light >= LEAST_LIGHT_PCT
        self._pulse = (perfusion << 20) // 100000 if on else 0
        self._breath_q16 += now["respiration_bpm"] * (SLOT_US // 1000) * 256 // 234375
        swing = (now["respiration_pct"] << 19) // 100000 if on else 0
        self._line_us = start_us
        self._line_from = self._line_to
        self._line_to = SINE[self._breath_q16 >> 8 & 255] * swing >> 14
        self._line_slope = (self._line_to - self._line_from << 20) // SLOT_US
        motion = now["motion_pct"] if self.motion_pct is None else self.motion_pct * 1000
        self._motion_from = self._motion_to
        # A random walk that is drawn back: movement has most of its power below 2 Hz, where the pulse is.
        self._motion_to = self._motion_to * 3 // 4
        if motion and on:
            self._motion_to += self._shake.spread(_FULL_MOTION * motion // 100000)
        if self._own_shake is not None and on:
            self._motion_to = (self._own_shake.at(start_us + SLOT_US) << 20) // 1000000
        self._motion_slope = (self._motion_to - self._motion_from << 20) // SLOT_US

    def truth(self):
        """What the sensor sees now: share of a finger's light (%), perfusion (%) and ratio of ratios."""
        return {"light_pct": self._light, "ratio": self._ratio / 1000} if self._run_end_us != _OFF else {}
