# SPDX-License-Identifier: Apache-2.0
"""The oximeter as the application sees it: samples in, once a second a reading or the reason why there is none.

What a reading is: SpO2, pulse rate and perfusion index over the beats of the last 4, 8 or 16 s. Its delay is that of
the filter (0.95 s) and half of the averaging: 3, 5 or 9 s in all (`delay_ms`). A number needs three beats; the newest
beat may be 4 s old, no older.

Whether there is a pulse at all is judged by what movement and noise do not have together: a rhythm that lasts, beats
that are alike, even intervals, and rises that are faster than falls. The same sum is the signal quality.
"""

from micropython import const

from vitals.link import wire
from vitals.oximetry.beats import Beats
from vitals.oximetry.conditioning import OUT_RATE_HZ, RATE_HZ, Conditioning
from vitals.oximetry.curve import Curve
from vitals.oximetry.led_servo import CHANGED, DEFAULT_STEPS, UNCHANGED, LedServo
from vitals.oximetry.window import Window
from vitals.signal import scratch

AVERAGING_CHOICES_S = (4, 8, 16)

# Where a reading is that was begun
_IDLE = const(0)
_BEATS = const(1)
_JUDGE = const(2)

FILTER_DELAY_MS = const(950)  # from the light to the rings in which beats are found

# Finger: infrared counts at the default current. A MAX30102 looking into the room gives some hundreds to a few thousand
# counts, with a finger on it several ten thousand; the gap between the two lines keeps it from chattering.
_FINGER_ON_COUNTS = const(12000)
_FINGER_OFF_COUNTS = const(8000)

_NEWEST_BEAT = const(200)  # ring values, 4 s: a rate that no recent beat supports is history
_BEATS_MIN = const(3)
_BEATS_UNEVEN = const(5)  # intervals
_JUDGED = const(400)  # ring values, 8 s: what the quality is judged by
_REGULAR_PCT = const(60)  # of the intervals within 20 % of their median; with fewer the rhythm is uneven
_ALIKE_UNEVEN = const(850)
_LEAN_UNEVEN = const(500)
# Recorded pulses below 130 a minute have 250 and more, rounded ones of the population about 0.
_LEAN_LEAST = const(-100)
_STEADY = const(600)
_SLOW_X16 = const(23 * 16)  # 130 a minute: above, the filter lets little but the base wave through
_UNEVEN_S = const(8)  # as long as what is judged: by then all of it is new
# A heart that beats unevenly still rises fast; its beats are within a tenth of one another in size.
_PULLS_UNEVEN = const(300)  # about 8 % scatter of the intervals
_PULLS_LEAN = const(500)
_PULLS_PCT = const(10)
_TRUST_LEAST = const(860)  # one in a hundred seconds of noise has more
_TRUST_GOES_ON = const(820)  # for a rate that was given a second ago
_TRUST_UNEVEN = const(1200)
_TRUST_FULL = const(1700)
_LIKENESS_MIN = const(640)  # squared correlation of red and infrared over a beat: 0.8 squared
_QUALITY_SPO2 = const(30)  # a rate may be right where little else is
_UNCERTAIN_X10 = const(12)  # 1.2 %: with a larger standard error no saturation is given
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

    After `begin` and enough of `step`, or `compute`, the attributes hold the reading: `spo2_x10` (0.1 %), `newest_x10`
    (the same of the last three beats alone, by their median; None beside a reading where they have none; it follows a
    change within two beats whatever the averaging), `newest_ms` (how long ago the last two of them began), `pulse_x10`
    (0.1 / min), `perfusion_x100` (0.01 %) and `quality` (0-100). Each is None where it is withheld, and why is in
    `spo2_reason`, `pulse_reason` and `perfusion_reason` (`wire.REASON_*`; OK with a value, `irregular` beside a pulse
    that is the mean of an uneven rhythm). `finger` is right within 2 s. `led_red` and `led_ir` are the wanted LED
    currents in steps of 0.2 mA; `leds_changed` asks the application to set them and to clear the flag. `averaging_s`
    is changed by `set_averaging`.
    """

    def __init__(self, averaging_s=8, curve=None):
        self.set_averaging(averaging_s)
        self.set_curve(curve)
        self.conditioning = Conditioning()
        self.beats = Beats()
        self._window = Window(self.beats)
        self._red_servo = LedServo()
        self._ir_servo = LedServo()
        self.leds_changed = False
        self.newest_ms = 0
        self.reset()

    def reset(self):
        """Forgets all samples and beats: a new session, or the sensor was restarted."""
        self.conditioning.clear()
        self.beats.clear()
        self._uneven_s = 0  # how long an uneven rhythm has looked like one
        self._followed = False  # the last reading gave a rate by a rhythm
        self._usual_amplitude = 0  # of the infrared pulse when it was last read, 1/8 count; 0: not yet
        self.finger = False
        self._stage = _IDLE
        self._cause = wire.REASON_OK
        self._ir_servo.reset()
        self._red_servo.reset()
        self.leds_changed = True
        self._withhold(wire.REASON_NO_FINGER)

    def set_curve(self, curve):
        """Takes another curve; None is the textbook's, and what comes of it counts as uncalibrated."""
        self.curve = Curve() if curve is None else curve
        self.calibrated = curve is not None

    def set_averaging(self, averaging_s):
        """Chooses the averaging: 4, 8 or 16 s. ValueError otherwise."""
        if averaging_s not in AVERAGING_CHOICES_S:
            raise ValueError("oximetry: averaging of %s s; choose 4, 8 or 16" % (averaging_s,))
        self.averaging_s = averaging_s

    @property
    def delay_ms(self):
        """From the middle of what a reading averages to the reading."""
        return FILTER_DELAY_MS + 500 * self.averaging_s

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
                self._stage = _IDLE
                self.beats.clear()
                changed = self._ir_servo.reset()
                if self._red_servo.reset() or changed:
                    self.leds_changed = True
                self._withhold(wire.REASON_NO_FINGER)
        elif level * DEFAULT_STEPS > _FINGER_ON_COUNTS * brightness:
            self.finger = True
            self._followed = self._usual_amplitude = 0
            self.conditioning.restart()
            self.beats.clear()
            self._withhold(wire.REASON_SETTLING)

    def compute(self, t_ms):
        """A whole reading at once, once a second. `t_ms` is not used: samples are the clock here."""
        self.begin()
        while not self.step():
            pass

    def begin(self):
        """Begins a reading of what came until now, once a second; then call `step` until it returns True. Until then
        the attributes hold the reading before. Samples may be fed in between."""
        if not self.finger:
            self._withhold(wire.REASON_NO_FINGER)
            self._stage = _IDLE
            return
        conditioning = self.conditioning
        conditioning.freeze()
        usable = conditioning.usable()
        self._cause = self._spoiled(usable)
        self._serve_leds()
        self.beats.begin(conditioning, usable)
        self._stage = _BEATS

    def step(self):
        """One piece of the work, some ms on a microcontroller. True when the reading stands."""
        if self._stage == _BEATS:
            if self.beats.step():
                self._stage = _JUDGE
            return False
        if self._stage == _JUDGE:
            self._stage = _IDLE
            self._judge()
        return True

    def _judge(self):
        self._withhold(self._cause or self._reason_for_nothing())
        self._followed = self._judge_pulse() and self.pulse_reason == wire.REASON_OK
        if self.pulse_x10 is not None:
            newest_x100 = self._judge_perfusion()
            if self.perfusion_x100 is not None and newest_x100 < _PULSE_PERFUSION_MIN_X100:
                self._withhold(wire.REASON_LOW_PERFUSION)  # converter steps and hum repeat as well
                return
            self._judge_spo2(newest_x100)

    def _withhold(self, reason):
        self.spo2_x10 = self.newest_x10 = None
        self.pulse_x10 = None
        self.perfusion_x100 = None
        self.quality = None
        self.spo2_reason = reason
        self.pulse_reason = reason
        self.perfusion_reason = reason

    def _spoiled(self, usable):
        """What spoiled the signal, if there were no reading; the plainest cause first. REASON_OK: nothing did."""
        conditioning = self.conditioning
        if conditioning.clipped_within(2 * RATE_HZ):
            return wire.REASON_SATURATED
        if conditioning.lost_within(4 * RATE_HZ):
            return wire.REASON_SAMPLES_LOST
        if self.beats.head < _BEATS_MIN and usable < 8 * OUT_RATE_HZ:
            return wire.REASON_SETTLING
        return wire.REASON_MOTION if conditioning.jumped_within(4 * RATE_HZ) else wire.REASON_OK

    def _reason_for_nothing(self):
        """Why there would be no reading of a signal that nothing spoiled."""
        if self.beats.rhythm.span < _FLAT_RED:
            return wire.REASON_LOW_SIGNAL
        if self.beats.has_outsized(self.conditioning.newest - 6 * OUT_RATE_HZ) or self._is_shaken():
            return wire.REASON_MOTION
        return wire.REASON_LOW_QUALITY if self.beats.even else wire.REASON_NO_PULSE

    def _is_shaken(self):
        """The signal of the last 6 s goes much further than this finger's pulse did when it could be read."""
        return 0 < self._usual_amplitude * 3 < self.beats.rhythm.span * 2

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

    def _judge_pulse(self):
        """Pulse rate and quality from the intervals; returns True if a rate was given."""
        beats = self.beats
        window = self._window
        newest = self.conditioning.newest
        window.since = newest - _NEWEST_BEAT
        if not window.gather(beats.interval_x16, False):
            return False
        window.since = newest - _JUDGED
        alike = window.middle(beats.resemblance)
        trust = self._trust(alike) if beats.even else 0
        uneven = trust < (_TRUST_GOES_ON if self._followed else _TRUST_LEAST)
        if uneven:
            if not self._looks_like_beats(alike):
                return False
            trust = _TRUST_UNEVEN
        window.since = newest - self.averaging_s * OUT_RATE_HZ
        n = window.gather(beats.interval_x16, False)
        if n < (_BEATS_UNEVEN if uneven else _BEATS_MIN - 1):
            return False
        mean_x256 = window.mean_x16(n)
        window.mean_near_median(n)
        reason = wire.REASON_OK
        if uneven or window.near * 100 < _REGULAR_PCT * n:
            reason = wire.REASON_IRREGULAR
        elif abs(mean_x256 // 16 - beats.rhythm.period_x16) * 5 > beats.rhythm.period_x16:
            return False  # the beats and the rhythm contradict one another
        pulse_x10 = (_RATE_CONST * 16 + mean_x256 // 2) // mean_x256
        if not _PULSE_LEAST_X10 <= pulse_x10 <= _PULSE_MOST_X10:
            self.pulse_reason = wire.REASON_OUT_OF_RANGE
            return False
        self.pulse_x10 = pulse_x10
        self.pulse_reason = reason
        self.quality = max(1, min(100, (trust - _TRUST_LEAST) * 90 // (_TRUST_FULL - _TRUST_LEAST) + 10))
        return True

    def _trust(self, alike):
        """How much speaks for a pulse, in 1/1000: a rhythm that lasts, beats that are alike, even intervals, and rises
        that are faster than falls. The weights part real pulses from six kinds of noise; see tests/accuracy."""
        rhythm = self.beats.rhythm
        lean = min(1500, max(-500, rhythm.lean))
        if lean < _LEAN_LEAST and rhythm.strength > _STEADY and rhythm.period_x16 > _SLOW_X16:
            return 0  # it repeats well and falls faster than it rises: the signal is upside down
        evenness = self._window.evenness()
        if (
            evenness < _PULLS_UNEVEN
            and lean < _PULLS_LEAN
            and self._window.spread_pct(self.beats.amplitude) > _PULLS_PCT
        ):
            return 0  # neither in time nor in size alike, and no faster up than down: somebody pulls at the cable
        return rhythm.lasting + alike * 12 // 100 + evenness + lean * 3 // 10

    def _looks_like_beats(self, alike):
        """Without a rhythm only the shape can say that these are beats, and movement has shape for a moment too."""
        if alike < _ALIKE_UNEVEN or self.beats.rhythm.lean < _LEAN_UNEVEN or self._is_shaken():
            self._uneven_s = 0
        else:
            self._uneven_s = min(_UNEVEN_S, self._uneven_s + 1)
        return self._uneven_s >= _UNEVEN_S

    def _judge_perfusion(self):
        """Perfusion index; returns that of the last three beats, which a pulse that has just gone cannot outweigh."""
        beats = self.beats
        window = self._window
        level = self.conditioning.ir_level
        n = window.gather(beats.amplitude)
        amplitude = window.mean_near_median(n) if n else 0
        if level <= 0 or not amplitude or amplitude >= 2 * level:  # 25 %: no finger does that
            self.perfusion_reason = wire.REASON_OUT_OF_RANGE
            return 0
        if self.pulse_reason == wire.REASON_OK:
            self._usual_amplitude = amplitude
        self.perfusion_x100 = amplitude * 1250 // level
        self.perfusion_reason = wire.REASON_OK
        return window.middle(beats.amplitude, False, 3) * 1250 // level

    def _judge_spo2(self, newest_x100):
        """SpO2 from the beats, where red follows infrared and the beats agree; `newest_x100` is the perfusion now."""
        if self.perfusion_x100 is None:
            self.spo2_reason = wire.REASON_OUT_OF_RANGE
            return
        beats = self.beats
        window = self._window
        if min(self.perfusion_x100, newest_x100) < _PERFUSION_MIN_X100:
            self.spo2_reason = wire.REASON_LOW_PERFUSION
        elif self.quality < _QUALITY_SPO2:
            self.spo2_reason = wire.REASON_LOW_QUALITY
        elif window.middle(beats.red_amplitude) < _FLAT_RED:
            self.spo2_reason = wire.REASON_LOW_SIGNAL
        elif window.middle(beats.likeness) < _LIKENESS_MIN:
            self.spo2_reason = wire.REASON_UNCORRELATED
        else:
            self._read_curve(window.ratio_x1000(_BEATS_MIN - 1))

    def _read_curve(self, ratio_x1000):
        curve = self.curve
        if ratio_x1000 is None:
            self.spo2_reason = wire.REASON_LOW_QUALITY
        elif curve.spread_x10(ratio_x1000, self._window.uncertain_x1000) > 2 * _UNCERTAIN_X10:
            self.spo2_reason = wire.REASON_MOTION
        else:
            self.spo2_x10 = curve.spo2_x10(ratio_x1000)
            self.spo2_reason = wire.REASON_OK
            if self.spo2_x10 is None:
                swapped = _SWAPPED_LEAST_X1000 <= ratio_x1000 <= _SWAPPED_MOST_X1000
                self.spo2_reason = wire.REASON_CHANNELS_SWAPPED if swapped else wire.REASON_OUT_OF_RANGE
            elif self._window.gather(self.beats.ratio_x1000, True, _BEATS_MIN) == _BEATS_MIN:
                self.newest_x10 = curve.spo2_x10(scratch[1])
                self._window.gather(self.beats.index, True, _BEATS_MIN)  # the last two begin where the third ends
                self.newest_ms = FILTER_DELAY_MS + (self.conditioning.newest - scratch[0]) * 20
