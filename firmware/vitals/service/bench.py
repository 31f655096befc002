# SPDX-License-Identifier: Apache-2.0
"""One piece of service work at a time: a test, or a pressure that is held for a calibration.

The work is a generator that the loop resumes every 10 ms; the rest of the application goes on, and every safety layer
with it. Whatever ends it (its own end, a fault, a command, button A, a host that is gone), the outputs are safe and
the cuff is empty before the one answer goes out.
"""

from micropython import const

from vitals.link import wire, wire_service
from vitals.link.outbox import READING
from vitals.service import ends
from vitals.service.pulse import Pulse

_HEADER = const(8)
_PROGRESS_MS = const(500)
_GIVE_UP_MS = const(20000)
_LOOK_MMHG = const(80)
_LOOK_MS = const(9000)  # four beats of the slowest heart, 30 a minute


class Bench:
    """`work(bench)` makes the generator. `t_ms` is the time of this turn; `app` the application.

    Answers the host when it is over, and leaves `app.bench` to the next.
    """

    def __init__(self, app, work, t_ms):
        self.app = app
        self.t_ms = t_ms
        self.test = 0
        self.end = None
        self.outcome = None  # of the inflation under way, once its cuff is empty
        self._work = work(self)
        self._which = 0
        self._said_ms = t_ms
        self._ended_ms = None
        self.looked_ms = 0  # of the last inflation: how long it stood still on the way
        self.wants_button = False  # a press of A is what the work waits for
        self._pulse = Pulse()
        self._holding = False

    # ------------------------------------------------------------ the loop's side

    def advance(self, t_ms):
        """Goes on with the work, or with ending it."""
        self.t_ms = t_ms
        if self.end is None:
            if not self.app.host.present:
                self.stop()
            else:
                self._resume()
        if self.end is None:
            return
        controller = self.app.cuff.controller
        if self._ended_ms is None:
            self._ended_ms = t_ms
            self._tidy()
            controller.end_service(t_ms)
        if not controller.active or t_ms - self._ended_ms > _GIVE_UP_MS:
            self._finish(t_ms)

    def _resume(self):
        try:
            next(self._work)
        except StopIteration:
            self.end = wire.SELFTEST_END_DONE
        except ends.EndError as ended:
            self.end = ended.args[0]

    def emptied(self, outcome):
        """The inflation under way has ended, and its cuff is empty."""
        self.outcome = outcome

    def stop(self, by_button=False):
        """Ends the work now; the caller empties the cuff."""
        if self.end is None:
            self.end = wire.SELFTEST_END_BUTTON if by_button else wire.SELFTEST_END_ABORTED
            self._tidy()

    def _tidy(self):
        """What a test may have changed, back to how the application wants it."""
        app = self.app
        self._work.close()
        app.board.external_test.value(0)
        app.cuff.testing_external = False
        app.panel.held = False
        app.finger.release()
        if self.end != wire.SELFTEST_END_DONE:
            app.cuff.controller.abort(self.t_ms)
            app.cuff.apply()

    def _finish(self, t_ms):
        app = self.app
        app.bench = None
        app.host.finish(self.end, t_ms)
        from vitals.service import commands

        commands.forget()

    # ------------------------------------------------------------ what the work says

    def value(self, measure, value, detail=""):
        """The next value of this test, in thousandths of its unit; None where it could not be measured."""
        outbox = self.app.outbox
        present = 0 if value is None else 1
        end = wire_service.pack_selftest_value(
            outbox.body, _HEADER, present, self.test, self._which, measure, value or 0, detail
        )
        outbox.put(wire.SELFTEST_VALUE, end, self.t_ms, READING)
        self._which += 1

    def progress(self, done_pct, left_s=None):
        """How far it is."""
        if self.t_ms - self._said_ms < _PROGRESS_MS:
            return
        self._said_ms = self.t_ms
        outbox = self.app.outbox
        present = 0 if left_s is None else 1
        end = wire_service.pack_selftest_progress(outbox.body, _HEADER, present, self.test, done_pct, left_s or 0)
        outbox.put(wire.SELFTEST_PROGRESS, end, self.t_ms, READING)

    def held(self, held_ms):
        """The means of a held pressure, as `mean` has just filled them, raw."""
        outbox = self.app.outbox
        channels = (0 if self.cuff is None else 1) | (0 if self.guard is None else 2)
        end = wire_service.pack_held_pressure(
            outbox.body, _HEADER, channels | (channels & 1) << 2, channels,
            self.cuff or 0, self.guard or 0, min(65535, self.spread or 0), min(65535, held_ms),
        )  # fmt: skip
        outbox.put(wire.HELD_PRESSURE, end, self.t_ms, READING)

    # ------------------------------------------------------------ what the work does: generators

    def wait(self, ms, progress=None):
        """So long; `progress`: (done, of) in ms to tell meanwhile."""
        until_ms = self.t_ms + ms
        while self.t_ms < until_ms:
            self.check()
            if progress:
                left = until_ms - self.t_ms
                self.progress(
                    100 * (progress[0] + ms - left) // progress[1], (progress[1] - progress[0] - ms + left) // 1000
                )
            yield

    def inflate(self, mmhg):
        """From zero to a pressure, the valves shut and the pump off at the end; after the rest between inflations.

        What is to go beyond 80 mmHg stays there for some seconds first: on an arm that is where a pulse shows best, and
        above the systolic pressure it shows no more.
        """
        cuff = self.app.cuff
        self.outcome = None
        first = min(mmhg, _LOOK_MMHG)
        refusal = cuff.start_service(self.t_ms, first * 100)
        while refusal == wire.REFUSAL_RESTING or refusal == wire.REFUSAL_CUFF_NOT_EMPTY:
            self.progress(0)
            yield
            refusal = cuff.start_service(self.t_ms, first * 100)
        if refusal != wire.REFUSAL_NONE:
            raise ends.EndError(ends.of_refusal(refusal))
        yield from self._pumped()
        if first < mmhg:
            yield from self.wait(_LOOK_MS)
            self.looked_ms = _LOOK_MS
            cuff.controller.go_on(self.t_ms, mmhg * 100)
            yield from self._pumped()

    def _pumped(self):
        while self.app.cuff.controller.phase != wire.CUFF_PHASE_SETTLING:
            self.check()
            yield

    def deflate(self):
        """The cuff emptied, and waited for."""
        self.app.cuff.controller.end_service(self.t_ms)
        while self.outcome is None:
            yield
        outcome = self.outcome
        self.outcome = None
        if outcome != wire.NIBP_OUTCOME_OK:
            raise ends.EndError(ends.of_outcome(outcome))

    def valves(self, bleed_permille, dump_shut):
        """Sets the valves while a pressure is held: bleed 0 (open) to 1000 (shut)."""
        controller = self.app.cuff.controller
        if controller.serving and controller.phase == wire.CUFF_PHASE_SETTLING:
            controller.bleed_permille = bleed_permille
            controller.dump_shut = dump_shut
            self._pulse.reset(self.t_ms)

    def check(self):
        """Ends the work where its inflation has ended by a fault, or a pulse is seen."""
        if self.outcome is not None:
            raise ends.EndError(ends.of_outcome(self.outcome))
        controller = self.app.cuff.controller
        holding = controller.serving and controller.phase == wire.CUFF_PHASE_SETTLING
        if holding and not self._holding:
            self._pulse.reset(self.t_ms)
        self._holding = holding
        if holding:
            self._pulse.feed(self.t_ms, self.app.cuff.cmmhg)
            if self._pulse.seen:
                raise ends.EndError(wire.SELFTEST_END_PULSE_SEEN)

    def mean(self, ms, raw=False):
        """Fills `cuff` and `guard`, means over so long in 0.01 mmHg, `spread` and `guard_spread`, the largest less the
        smallest; None where a sample was absent. `raw`: without calibration, the guard in counts times 16."""
        cuff = self.app.cuff
        source = cuff.sensor if raw else cuff
        until_ms = self.t_ms + ms
        n = 0
        one = [0, 1 << 28, -(1 << 28)]  # sum, least, most
        two = [0, 1 << 28, -(1 << 28)]
        while self.t_ms < until_ms or not n:
            self.check()
            n += 1
            guard = cuff.guard.cmmhg
            if raw and guard is not None:
                guard = cuff.guard.raw * 16
            one = _with(one, source.cmmhg)
            two = _with(two, guard)
            yield
        self.cuff, self.spread = (None, None) if one is None else (one[0] // n, one[2] - one[1])
        self.guard, self.guard_spread = (None, None) if two is None else (two[0] // n, two[2] - two[1])


def _with(sums, value):
    """Sum, least and most with one value more; None once a value was absent."""
    if sums is None or value is None:
        return None
    return sums[0] + value, min(sums[1], value), max(sums[2], value)
