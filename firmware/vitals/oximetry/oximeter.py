# SPDX-License-Identifier: Apache-2.0
"""The oximeter as the application sees it: samples in, once a second a reading or the reason why there is none.

What a reading is: SpO2, pulse rate and perfusion index over the sound beats of the last 4, 8 or 16 s. Its delay is that
of the filter (0.95 s), of telling a beat from its neighbours (0.4 of a period) and half of the averaging: about 3.5,
5.5 or 9.5 s in all. A number needs three beats; the newest sound beat may be 4 s old, no older.
"""

from micropython import const

from vitals.link import wire
from vitals.oximetry.beats import KEPT, OUTSIZED, PERIODIC, SOUND, Beats
from vitals.oximetry.conditioning import OUT_RATE_HZ, RATE_HZ, Conditioning
from vitals.oximetry.curve import Curve
from vitals.oximetry.led_servo import CHANGED, DEFAULT_STEPS, UNCHANGED, LedServo
from vitals.signal import kernels, scratch

AVERAGING_CHOICES_S = (4, 8, 16)

# Finger: infrared counts at the default current. A MAX30102 looking into the room gives some hundreds to a few thousand
# counts, with a finger on it several ten thousand; the gap between the two lines keeps it from chattering.
_FINGER_ON_COUNTS = const(12000)
_FINGER_OFF_COUNTS = const(8000)

_KEPT_MASK = const(63)
_NEWEST_BEAT = const(200)  # ring values, 4 s: a rate that no recent beat supports is history
_BEATS_MIN = const(3)
_REGULAR_PCT = const(60)  # of the intervals within 20 % of their median; with fewer the rhythm is uneven
_ALIKE_LEAST = const(400)  # noise that was lined up by its steepest rises has about this
_ALIKE_UNEVEN = const(850)
_QUALITY_LEAST = const(10)
_INLIER_PCT = const(20)  # an interval or ratio this near to the median counts as its like
_LIKENESS_MIN = const(640)  # squared correlation of red and infrared over a beat: 0.8 squared
_FLAT_RED = const(32)  # 4 counts peak to peak: nothing pulsates there
_PULSE_PERFUSION_MIN_X100 = const(4)  # 0.04 %: below this nothing is a pulse
_PERFUSION_MIN_X100 = const(8)  # 0.08 %; the standard's low-perfusion test point is 0.3 %
_SWAPPED_LEAST_X1000 = const(1760)  # 1 / R of a healthy finger (R 0.40-0.57): red and infrared are exchanged
_SWAPPED_MOST_X1000 = const(2600)
_RATE_CONST = const(480000)  # 0.1 / min from an interval in 1/16 of 20 ms: 60 * 50 * 16 * 10
_PULSE_LEAST_X10 = const(280)
_PULSE_MOST_X10 = const(2500)


class Oximetry:
    """Sans-I/O oximetry for a two-colour finger sensor at 100 samples/s.

    After `compute` the attributes hold the reading: `spo2_x10` (0.1 %), `pulse_x10` (0.1 / min), `perfusion_x100`
    (0.01 %) and `quality` (0-100), each None where it is withheld, and why in `spo2_reason`, `pulse_reason`,
    `perfusion_reason` (`wire.REASON_*`; OK with a value, `irregular` beside a pulse that is the mean of an uneven
    rhythm). `finger` is right within 2 s. `led_red` and `led_ir` are the wanted LED currents in steps of 0.2 mA;
    `leds_changed` asks the application to set them and to clear the flag. `averaging_s` is changed by `set_averaging`.
    """

    def __init__(self, rate_hz=RATE_HZ, averaging_s=8, curve=None):
        if rate_hz != RATE_HZ:
            raise ValueError("oximetry: %s samples/s, but its filters are made for %d" % (rate_hz, RATE_HZ))
        self.set_averaging(averaging_s)
        self.curve = Curve() if curve is None else curve
        self.calibrated = curve is not None
        self.conditioning = Conditioning()
        self.beats = Beats()
        self._red_servo = LedServo()
        self._ir_servo = LedServo()
        self.leds_changed = False
        self.reset()

    def reset(self):
        """Forgets all samples and beats: a new session, or the sensor was restarted."""
        self.conditioning.clear()
        self.beats.clear()
        self._usual_amplitude = 0  # of the infrared pulse when it was last read, 1/8 count; 0: not yet
        self.finger = False
        self._ir_servo.reset()
        self._red_servo.reset()
        self.leds_changed = True
        self._withhold(wire.REASON_NO_FINGER)

    def set_averaging(self, averaging_s):
        """Chooses the averaging: 4, 8 or 16 s. ValueError otherwise."""
        if averaging_s not in AVERAGING_CHOICES_S:
            raise ValueError("oximetry: averaging of %s s; choose 4, 8 or 16" % (averaging_s,))
        self.averaging_s = averaging_s

    @property
    def led_red(self):
        return self._red_servo.steps

    @property
    def led_ir(self):
        return self._ir_servo.steps

    def feed(self, red, ir, n, lost):
        """n raw samples of each colour (array('i'), 18-bit counts); `lost` samples are missing before them."""
        self.conditioning.feed(red, ir, n, lost)
        self._judge_finger()

    def _judge_finger(self):
        level = self.conditioning.ir.level()
        brightness = max(self._ir_servo.steps, DEFAULT_STEPS)
        if self.finger:
            if level * DEFAULT_STEPS < _FINGER_OFF_COUNTS * brightness:
                self.finger = False
                self.beats.clear()
                changed = self._ir_servo.reset()
                if self._red_servo.reset() or changed:
                    self.leds_changed = True
                self._withhold(wire.REASON_NO_FINGER)
        elif level * DEFAULT_STEPS > _FINGER_ON_COUNTS * brightness:
            self.finger = True
            self._usual_amplitude = 0
            self.conditioning.restart()
            self.beats.clear()
            self.beats.scanned = self.conditioning.newest
            self._withhold(wire.REASON_SETTLING)

    def compute(self, t_ms):
        """Judges what came until now; call it once a second. `t_ms` is not used: samples are the clock here."""
        if not self.finger:
            self._withhold(wire.REASON_NO_FINGER)
            return
        usable = self.conditioning.usable()
        self.beats.update(self.conditioning, usable)
        self._withhold(self._reason_for_nothing(usable))
        self._serve_leds()
        window = self.averaging_s * OUT_RATE_HZ
        if self._judge_pulse(window):
            self._judge_perfusion(window)
            if self.perfusion_x100 is not None and self.perfusion_x100 < _PULSE_PERFUSION_MIN_X100:
                self._withhold(wire.REASON_LOW_PERFUSION)  # converter steps and hum repeat as well
                return
            self._judge_spo2(window)

    def _withhold(self, reason):
        self.spo2_x10 = None
        self.pulse_x10 = None
        self.perfusion_x100 = None
        self.quality = None
        self.spo2_reason = reason
        self.pulse_reason = reason
        self.perfusion_reason = reason

    def _reason_for_nothing(self, usable):
        """Why there would be no reading, were there none; the plainest cause first."""
        conditioning = self.conditioning
        if conditioning.clipped_within(2 * RATE_HZ):
            return wire.REASON_SATURATED
        if conditioning.lost_within(4 * RATE_HZ):
            return wire.REASON_SAMPLES_LOST
        if self.beats.head < _BEATS_MIN and usable < 8 * OUT_RATE_HZ:
            return wire.REASON_SETTLING
        if conditioning.jumped_within(4 * RATE_HZ):
            return wire.REASON_MOTION
        if self.beats.span < _FLAT_RED:
            return wire.REASON_LOW_SIGNAL
        if self._count_of(OUTSIZED, 6 * OUT_RATE_HZ) or self._is_shaken():
            return wire.REASON_MOTION
        if self.beats.periodicity < PERIODIC:
            return wire.REASON_NO_PULSE
        return wire.REASON_LOW_QUALITY

    def _is_shaken(self):
        """The signal of the last 6 s goes much further than this finger's pulse did when it could be read."""
        return 0 < self._usual_amplitude * 3 < self.beats.span * 2

    def _serve_leds(self):
        clipped = self.conditioning.clipped_within(RATE_HZ // 4)
        self._serve_led(self._red_servo, self.conditioning.red, clipped)
        self._serve_led(self._ir_servo, self.conditioning.ir, clipped)

    def _serve_led(self, servo, channel, clipped):
        level = channel.level()
        turned = servo.advance(self.conditioning.count, level, clipped and level > 250000)
        if turned != UNCHANGED:
            self.leds_changed = True
        if turned == CHANGED:
            self.conditioning.restart()

    def _count_of(self, fault, window):
        """Beats of one kind in the last `window` ring values."""
        beats = self.beats
        since = self.conditioning.newest - window
        found = 0
        for i in range(1, min(beats.head, KEPT) + 1):
            k = (beats.head - i) & _KEPT_MASK
            if beats.index[k] < since:
                break
            if beats.fault[k] == fault:
                found += 1
        return found

    def _gather(self, source, window, least_likeness):
        """Copies source[k] of the sound beats in the window to the work array and sorts it; returns how many."""
        beats = self.beats
        since = self.conditioning.newest - window
        values = scratch
        n = 0
        for i in range(1, min(beats.head, KEPT) + 1):
            k = (beats.head - i) & _KEPT_MASK
            if beats.index[k] < since:
                break
            if beats.fault[k] == SOUND and beats.likeness[k] >= least_likeness:
                values[n] = source[k]
                n += 1
        kernels.sort(values, n)
        return n

    def _mean_near_median(self, n):
        """Mean x16 of the n sorted values without those beyond 20 % of their median; `_near` is how many are left."""
        values = scratch
        middle = values[n >> 1]
        reach = middle * _INLIER_PCT // 100
        total = 0
        near = 0
        for i in range(n):
            off = values[i] - middle
            if -reach <= off <= reach:
                total += off
                near += 1
        self._near = near
        return middle * 16 + total * 16 // near

    def _newest_sound_age(self):
        beats = self.beats
        for i in range(1, min(beats.head, KEPT) + 1):
            k = (beats.head - i) & _KEPT_MASK
            if beats.fault[k] == SOUND:
                return self.conditioning.newest - beats.index[k]
        return 1 << 20

    def _judge_pulse(self, window):
        """Pulse rate and quality from the intervals; returns True if a rate was given."""
        beats = self.beats
        if self._newest_sound_age() > _NEWEST_BEAT:
            return False
        n = self._gather(beats.interval_x16, window, 0)
        if n < _BEATS_MIN - 1:
            return False
        spoiled = self._count_of(OUTSIZED, window)
        alike = self._alike(window)
        self._gather(beats.interval_x16, window, 0)
        mean_x256 = self._mean_near_median(n)
        regular_pct = self._near * 100 // n
        sound_pct = n * 100 // (n + spoiled)
        reason = wire.REASON_OK
        if regular_pct < _REGULAR_PCT:
            if n < 5 or sound_pct < 80 or alike < _ALIKE_UNEVEN:
                if not self._is_shaken():
                    self.pulse_reason = wire.REASON_IRREGULAR if alike >= _ALIKE_UNEVEN else wire.REASON_LOW_QUALITY
                return False
            reason = wire.REASON_IRREGULAR
            total = 0
            for i in range(n):
                total += scratch[i]
            mean_x256 = total * 16 // n
        elif sound_pct < 50:
            self._withhold(wire.REASON_MOTION)
            return False
        elif beats.period_x16 and abs(mean_x256 // 16 - beats.period_x16) * 4 > beats.period_x16:
            self._withhold(wire.REASON_LOW_QUALITY)  # the beats and the autocorrelation contradict one another
            return False
        pulse_x10 = (_RATE_CONST * 16 + mean_x256 // 2) // mean_x256
        if not _PULSE_LEAST_X10 <= pulse_x10 <= _PULSE_MOST_X10:
            self.pulse_reason = wire.REASON_OUT_OF_RANGE
            return False
        quality = self._quality(regular_pct, sound_pct, alike)
        if quality < _QUALITY_LEAST:
            self._withhold(wire.REASON_LOW_QUALITY)
            return False
        self.pulse_x10 = pulse_x10
        self.pulse_reason = reason
        self.quality = quality
        return True

    def _alike(self, window):
        """Median resemblance of the beats to the ones before, 0-1000."""
        n = self._gather(self.beats.resemblance, window, 0)
        return scratch[n >> 1]

    def _quality(self, regular_pct, sound_pct, alike):
        """0-100: the weakest of how well the signal repeats and how even, undisturbed and alike the beats are."""
        shape = (alike - _ALIKE_LEAST) * 100 // (900 - _ALIKE_LEAST)
        if regular_pct < _REGULAR_PCT:  # an uneven rhythm does not repeat; half of what the beats alone would say
            return max(0, min(100, sound_pct, shape) >> 1)
        repeats = (self.beats.periodicity - PERIODIC) * 100 // 600
        return max(0, min(100, repeats, regular_pct, sound_pct, shape))

    def _judge_perfusion(self, window):
        n = self._gather(self.beats.amplitude, window, 0)
        amplitude = self._mean_near_median(n) >> 4
        level = self.conditioning.ir.baseline()
        if level <= 0 or amplitude >= 2 * level:  # 25 %: no finger does that
            self.perfusion_reason = wire.REASON_OUT_OF_RANGE
            return
        if self.pulse_reason == wire.REASON_OK:
            self._usual_amplitude = amplitude
        self.perfusion_x100 = amplitude * 1250 // level
        self.perfusion_reason = wire.REASON_OK

    def _judge_spo2(self, window):
        """SpO2 from the beats over which red follows infrared."""
        perfusion_x100 = self.perfusion_x100
        if perfusion_x100 is None:
            self.spo2_reason = wire.REASON_OUT_OF_RANGE
            return
        if perfusion_x100 < _PERFUSION_MIN_X100:
            self.spo2_reason = wire.REASON_LOW_PERFUSION
            return
        beats = self.beats
        n = self._gather(beats.red_amplitude, window, 0)
        if scratch[n >> 1] < _FLAT_RED:
            self.spo2_reason = wire.REASON_LOW_SIGNAL
            return
        alike = self._gather(beats.ratio_x1000, window, _LIKENESS_MIN)
        if alike < _BEATS_MIN - 1 or alike * 2 < n:
            self.spo2_reason = wire.REASON_UNCORRELATED
            return
        ratio = self._mean_near_median(alike) >> 4
        if self._near * 2 < alike:
            self.spo2_reason = wire.REASON_LOW_QUALITY
            return
        self.spo2_x10 = self.curve.spo2_x10(ratio)
        self.spo2_reason = wire.REASON_OK
        if self.spo2_x10 is None:
            swapped = _SWAPPED_LEAST_X1000 <= ratio <= _SWAPPED_MOST_X1000
            self.spo2_reason = wire.REASON_CHANNELS_SWAPPED if swapped else wire.REASON_OUT_OF_RANGE
