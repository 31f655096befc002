# SPDX-License-Identifier: Apache-2.0
"""The application: every part made once, and the one loop that advances each of them to now."""

import gc

from micropython import const

from vitals import settled
from vitals.alarms.audio import AudioPause
from vitals.alarms.limit import DBP, SBP
from vitals.alarms.limits import Limits
from vitals.drivers.annunciator import Annunciator
from vitals.drivers.bus import Bus
from vitals.drivers.buttons import Button
from vitals.drivers.guard import NOMINAL_GAIN_Q13, NOMINAL_ZERO_RAW, Guard, supply_mv
from vitals.drivers.max30102 import Max30102
from vitals.drivers.mprls import Mprls
from vitals.drivers.pneumatics import Pneumatics
from vitals.link import telemetry, wire
from vitals.link.outbox import Outbox
from vitals.nibp.controller import CuffController
from vitals.oximetry.curve import Curve
from vitals.oximetry.oximeter import Oximetry
from vitals.parts import identity
from vitals.parts.actions import Actions
from vitals.parts.cuff import Cuff
from vitals.parts.finger import Finger
from vitals.parts.host import Host
from vitals.parts.keeper import Keeper
from vitals.parts.panel import Panel
from vitals.safety.faults import Faults
from vitals.safety.interlock import TICK_MS, Interlock
from vitals.safety.watchdog import Supervisor
from vitals.store import bootlog
from vitals.store.calibration import Calibration
from vitals.store.config import Config
from vitals.store.eventlog import EventLog
from vitals.store.readings import Readings
from vitals.store.session import Session
from vitals.store.storage import Storage

SECOND_MS = const(1000)
# 6 V supply or battery; below this the pump no longer reaches its pressures and the valves' hold is not certain.
SUPPLY_LOW_MV = const(5200)
# A turn this long means that something waits that must not.
TURN_LONG_US = const(100000)
# While frames wait, the wire is asked again this soon.
FLUSH_MS = const(2)
COLLECT_MS = const(10000)
# A flash that fails is not worn out by trying for ever.
SAVES_MOST = const(3)
_TICKS_MASK = const(0x3FFFFFFF)

# Service work goes on this often.
BENCH_MS = const(10)
# While the cuff works there is a turn every 10 ms; the rest of the application takes part this often.
SLOW_MS = const(50)

PARTS = ("host", "cuff", "finger", "second", "rest")


class App:
    """`board` gives pins, buses, clock, wire and storage; `boot_log` has been started."""

    def __init__(self, board, boot_log):
        self.board = board
        self.clock = board.clock
        self.boot_log = boot_log
        # The largest buffers first, while the free heap is in one piece.
        self._controller = CuffController(rest_first=boot_log.cause != wire.RESET_CAUSE_POWER_ON)
        self.readings = Readings()
        self.outbox = Outbox()
        self.storage = Storage(board.storage_path)
        self.storage.blocked = True  # until a pressure has been read
        self.config = Config(self.storage)
        self.calibration = Calibration(self.storage)
        self.event_log = EventLog(self.storage, boot_log.boot)
        self.session = Session()
        self.limits = Limits()
        self.faults = Faults()
        self.audio = AudioPause()
        self.telemetry = telemetry.Telemetry(self.outbox, self.readings)
        self._make_cuff()
        self._make_finger()
        annunciator = Annunciator(board.led_red, board.led_yellow, board.buzzer)
        self.panel = Panel(
            annunciator, Button(board.button_a), Button(board.button_b), self.limits, self.faults, self.audio
        )
        self.keeper = Keeper(self)
        self.host = Host(board.wire, self.telemetry, Actions(self))
        self._identity = ""
        self.apply_config()
        self._supply_mv = None
        self.bench = None  # service work under way
        self._restart_ms = None
        self._turn_worst_us = self._work_worst_us = self._aside_us = 0
        now = self.clock.now_ms()
        self._second_ms = now + SECOND_MS
        self._began_ms = now
        self.limits.fall_back(self.config.fallback_limits, now)
        self._collect_ms = now
        self._heap_known = hasattr(gc, "mem_free")  # CPython has none, and looks after itself
        self._saves = 0
        self._slow_ms = now
        self._with_deadline = (self.finger, self.panel, self.session, self.limits, self.faults, self.host)
        settled()
        self._say_start(now)
        board.start_timer(TICK_MS, self.interlock.tick)
        # Last, because nobody feeds it before the loop turns.
        self.feed = board.start_watchdog()
        self.supervisor = Supervisor(PARTS, self.feed)

    # ------------------------------------------------------------ making

    def _make_cuff(self):
        board = self.board
        self.outputs = Pneumatics(board.pump, board.pump_enable, board.bleed, board.dump)
        self.interlock = Interlock(self.outputs, board.guard_read, getattr(board.clock, "ticks_ms", None))
        guard = Guard(board.guard_read_shared)
        self.cuff_bus = Bus(board.cuff_lines)
        self.cuff = Cuff(
            Mprls(self.cuff_bus),
            guard,
            self.outputs,
            self._controller,
            self.interlock,
            self.faults,
            self.telemetry,
            board.external_ok.value,
            board.hard_timer,
        )
        self._calibrate_cuff()

    def _calibrate_cuff(self):
        numbers = self.calibration.guard or (NOMINAL_ZERO_RAW, NOMINAL_GAIN_Q13)
        self.interlock.calibrate(*numbers)
        self.cuff.guard.calibrate(*numbers)
        self.cuff.calibration = self.calibration.cuff

    def apply_calibration(self):
        """Reads it again, and lets it take effect at once. Only with the cuff empty."""
        self.calibration = Calibration(self.storage)
        self._calibrate_cuff()
        self._use_curve()

    def _make_finger(self):
        self.oximeter_bus = Bus(self.board.oximeter_lines)
        oximetry = Oximetry(self.config.averaging_s)
        self.finger = Finger(Max30102(self.oximeter_bus), oximetry, self.faults, self.telemetry, self.clock.ticks_us)
        self._use_curve()

    def _use_curve(self):
        points = self.calibration.curve
        self.finger.oximetry.set_curve(points and Curve(points))

    def apply_config(self):
        """Lets the settings take effect."""
        config = self.config
        self.finger.ppg_stream = config.ppg_stream
        if self.finger.oximetry.averaging_s != config.averaging_s:
            self.finger.oximetry.set_averaging(config.averaging_s)
        self.panel.annunciator.volume(config.sound_pct)
        self.panel.annunciator.brightness(config.led_brightness_pct)
        self._controller.method = config.cuff_method
        self._identity = identity.text(self.board.serial, config.bed_label)

    def _say_start(self, t_ms):
        log = self.boot_log
        self.event(t_ms, wire.EVENT_BOOT, log.fault, log.cause)
        if log.cause == wire.RESET_CAUSE_EXCEPTION:
            self.event(t_ms, wire.EVENT_EXCEPTION, log.fault)
        if self.config.defaulted:
            self.event(t_ms, wire.EVENT_CONFIG_DEFAULTED)
        if self.config.corrupt or self.calibration.corrupt:
            self.faults.report(wire.FAULT_CONFIG_CORRUPT, t_ms)

    # ------------------------------------------------------------ the loop

    def run(self):
        """Turns until the board restarts. Does not return."""
        while True:
            self.clock.sleep_until(self.turn())

    def turn(self):
        """One turn: everything to now. Returns when the next is due, ms."""
        clock = self.clock
        began_us = clock.ticks_us()
        t_ms = clock.now_ms()
        supervisor = self.supervisor
        self.host.advance(t_ms)
        supervisor.report(0)
        self.cuff_bus.advance(t_ms)
        self.oximeter_bus.advance(t_ms)
        self.cuff.advance(t_ms)
        self._cuff_result(t_ms)
        if self.bench is not None:
            self.bench.advance(t_ms)
        if not self._saves and not self.boot_log.stored:
            self._aside(self._record_start, t_ms)
        supervisor.report(1)
        self.finger.advance(t_ms)
        supervisor.report(2)
        if t_ms >= self._second_ms:
            self._second(t_ms)
        elif self.finger.reporting:
            self._go_on_reading(t_ms)
        supervisor.report(3)
        active = self.cuff.controller.active
        if not active or t_ms >= self._slow_ms:
            self._slow_ms = t_ms + SLOW_MS
            self._slow(t_ms)
            supervisor.report(4)
            supervisor.end_turn()
        self.outbox.flush(self.board.wire)
        self.interlock.kick()
        took_us = (clock.ticks_us() - began_us) & _TICKS_MASK
        self._turn_worst_us = max(self._turn_worst_us, took_us)
        self._work_worst_us = max(self._work_worst_us, took_us - self._aside_us)
        self._aside_us = 0
        return self._next(t_ms, active)

    def _slow(self, t_ms):
        """What may wait for a few samples of the cuff; its own times stay exact all the same."""
        self._buttons(t_ms)
        self.keeper.advance(t_ms)
        self._changes(t_ms)
        self.panel.advance(t_ms, self.session.number is not None)
        if self._restart_ms is not None and t_ms >= self._restart_ms:
            self._restart()

    def _next(self, t_ms, active):
        first = self.cuff.next_deadline()
        if not active:
            if self._second_ms < first:
                first = self._second_ms
            for part in self._with_deadline:
                deadline = part.next_deadline()
                if deadline is not None and deadline < first:
                    first = deadline
            if self._restart_ms is not None and self._restart_ms < first:
                first = self._restart_ms
        if self.bench is not None and first > t_ms + BENCH_MS:
            first = t_ms + BENCH_MS
        if self.outbox.pending and first > t_ms + FLUSH_MS:
            first = t_ms + FLUSH_MS
        return first

    def _buttons(self, t_ms):
        panel = self.panel
        if panel.button_a.advance(t_ms):
            self.event(t_ms, wire.EVENT_BUTTON_A)
            if self.cuff.controller.active or self.bench is not None:
                self._stop_by_button(t_ms)
            elif self.interlock.tripped:
                self.cuff.reset_interlock()
            else:
                self.cuff.start(t_ms, wire.TRIGGER_BUTTON)
        if panel.button_b.advance(t_ms):
            self.event(t_ms, wire.EVENT_BUTTON_B)
            panel.pressed_b(t_ms)

    # ------------------------------------------------------------ once a second

    def _second(self, t_ms):
        self._second_ms += SECOND_MS
        if self._second_ms <= t_ms:
            self._second_ms = t_ms + SECOND_MS
        cuff = self.cuff
        self._watch_supply(t_ms)
        self.faults.observe(wire.FAULT_LOOP_SLOW, self._work_worst_us > TURN_LONG_US, t_ms, self._work_worst_us // 1000)
        blanked_ms = 0
        if cuff.pressurised and self.session.same_limb:
            blanked_ms = t_ms - cuff.pressurised_since_ms + 1
        self.finger.begin_report(t_ms, blanked_ms, cuff.pressurised)
        self._go_on_reading(t_ms)
        self._aside(self._housekeeping, t_ms)
        self._heartbeat(t_ms)

    def _go_on_reading(self, t_ms):
        """Works on the oximeter's reading; on a board it takes several turns, between which the cuff is sampled."""
        if self.finger.go_on(t_ms) and self.session.number is not None:
            self.finger.judge(self.limits, t_ms)

    def supply_now(self):
        """Millivolts."""
        return supply_mv(self.board.supply_read())

    def _watch_supply(self, t_ms):
        if self.config.own_supply:
            self._supply_mv = self.supply_now()
            self.faults.observe(wire.FAULT_SUPPLY_LOW, self._supply_mv < SUPPLY_LOW_MV, t_ms, self._supply_mv)
            if self.cuff.controller.active and self.faults.is_standing(wire.FAULT_SUPPLY_LOW):
                self.cuff.controller.abort(t_ms, wire.NIBP_OUTCOME_SUPPLY_LOW)
        else:
            self._supply_mv = None

    def _aside(self, work, t_ms):
        """Work that may take its time makes no turn slow: that fault would be logged to flash, and raise the next."""
        began_us = self.clock.ticks_us()
        work(t_ms)
        self._aside_us += (self.clock.ticks_us() - began_us) & _TICKS_MASK

    def _housekeeping(self, t_ms):
        """What may take its time: flash and garbage, never while the cuff works or holds pressure."""
        empty = self.cuff.empty()
        busy = self.cuff.controller.active or self.cuff.pressurised
        self.storage.blocked = busy or (empty is None and t_ms - self._began_ms < 15000)
        if self.storage.blocked:
            return
        if t_ms >= self._collect_ms:
            self._collect_ms = t_ms + COLLECT_MS
            if self._heap_known:
                gc.collect()
        if not self.boot_log.stored and self._saves < SAVES_MOST:
            self._saves += 1
            self.boot_log.save()
        elif self.event_log.flush():
            self.boot_log.checkpoint((t_ms - self._began_ms) // 1000)

    def _record_start(self, t_ms):
        """Puts this start on record before the cuff can be inflated: else a crash in the first inflation would leave
        the next start with the same number, and nobody could tell the two apart."""
        if self.cuff.empty():
            self._saves += 1
            self.boot_log.save()

    def _heartbeat(self, t_ms):
        self.telemetry.heartbeat(
            t_ms,
            self.boot_log.boot,
            self._status(),
            self.limits.crc,
            self._supply_mv,
            (self._turn_worst_us + 999) // 1000,
            self.board.heap_free() if self.board.heap_free else None,
        )
        self._turn_worst_us = self._work_worst_us = 0

    def _status(self):
        status = self.faults.status()
        cuff = self.cuff
        if self.session.number is not None:
            status |= wire.STATUS_SESSION
        if cuff.controller.active:
            status |= wire.STATUS_CUFF_ACTIVE
        if cuff.pressurised:
            status |= wire.STATUS_CUFF_PRESSURISED
        if self.audio.paused:
            status |= wire.STATUS_AUDIO_PAUSED
        if self.limits.showing():
            status |= wire.STATUS_ALARM_ACTIVE
        if self.config.defaulted:
            status |= wire.STATUS_CONFIG_DEFAULTED
        if not self.calibration.complete:
            status |= wire.STATUS_UNCALIBRATED
        if self.limits.set_by_host:
            status |= wire.STATUS_LIMITS_SET
        if self.host.spoken and not self.host.present:
            status |= wire.STATUS_HOST_LOST
        return status

    # ------------------------------------------------------------ what came of it

    def event(self, t_ms, event, fault=wire.FAULT_NONE, value=None):
        """Says that something happened, and writes it down."""
        self.telemetry.event(t_ms, event, fault, value)
        self.event_log.add(event, fault, value, t_ms)

    def _changes(self, t_ms):
        """Takes what limits, faults and sound have to tell, each with its own time."""
        limits = self.limits
        limits.advance(t_ms)
        change = limits.take_change()
        while change is not None:
            self.telemetry.alarm(change, change.t_ms)
            change = limits.take_change()
        faults = self.faults
        faults.advance(t_ms)
        change = faults.take_change()
        while change is not None:
            self.event(change.t_ms, change.event, change.fault, change.value)
            change = faults.take_change()
        change = self.audio.take_change()
        while change is not None:
            paused, when_ms = change
            self.telemetry.event(when_ms, wire.EVENT_AUDIO_PAUSED if paused else wire.EVENT_AUDIO_RESUMED)
            change = self.audio.take_change()
        self.keeper.send_late(t_ms)

    def _cuff_result(self, t_ms):
        result = self.cuff.controller.take_result()
        if result is None:
            return
        if self.cuff.controller.serving:
            self.event(t_ms, wire.EVENT_CUFF_STOPPED, wire.FAULT_NONE, result.cycle)
            if self.bench is not None:
                self.bench.emptied(result.outcome)
            return
        flags = result.flags
        if self.calibration.cuff is None:
            flags |= wire.READING_FLAGS_UNCALIBRATED
        self.keeper.result(t_ms, result, flags)
        self.event(t_ms, wire.EVENT_CUFF_STOPPED, wire.FAULT_NONE, result.cycle)
        if self.session.number is not None and self.cuff.session == self.session.number:
            self.limits.observe(SBP, result.sbp_x10, t_ms)
            self.limits.observe(DBP, result.dbp_x10, t_ms)
        self.host.finish(result.outcome, t_ms)

    def _stop_by_button(self, t_ms):
        bench = self.bench
        if bench is not None:
            if bench.wants_button:
                return  # this press is what a test waits for
            bench.stop(by_button=True)
        self.stop_cuff(t_ms)

    def stop_cuff(self, t_ms):
        """Ends any cycle and opens the valves."""
        if self.bench is not None:
            self.bench.stop()
        self.cuff.stop(t_ms)
        self._cuff_result(t_ms)

    # ------------------------------------------------------------ host

    def say_hello(self, t_ms):
        board = self.board
        log = self.boot_log
        capabilities = identity.capabilities(board, self.config.own_supply, self.cuff.external_seen)
        self.telemetry.hello(
            t_ms, board.kind, log.cause, log.service_fault or log.fault, 0, capabilities, log.boot, self._identity
        )

    # ------------------------------------------------------------ ending

    def intend_restart(self, t_ms):
        """Stores that the restart is wanted, and restarts soon. Returns wire.REFUSAL_*."""
        if not self.boot_log.intend(bootlog.RESTART):
            return wire.REFUSAL_STORAGE
        self.restart_soon(t_ms)
        return wire.REFUSAL_NONE

    def restart_soon(self, t_ms):
        """Restarts when the answer has had time to leave."""
        self._restart_ms = t_ms + 200

    def _restart(self):
        self.outputs.cut()
        self.board.reset()
