# SPDX-License-Identifier: Apache-2.0
"""The simulated board, which outlives the firmware: time, pads, buses, chips, watchdog, USB, and the world around."""

from chips.analog import Analog
from chips.max30102 import Max30102
from chips.mpr import Mpr
from micropython import heap_lock, heap_unlock

from board.bus import Bus
from board.crystal import Crystal
from board.pins import PULL_UP, Pad
from board.timeline import Timeline
from board.watchdog import Watchdog

USB_FIFO = 256  # bytes the chip takes while the host does not read
HOST_BUFFER = 65536  # bytes the computer keeps for a board that does not read
SCHEDULE_DEPTH = 8  # soft callbacks that can wait; more are lost, as on the board


class FirmwareEnded(BaseException):
    """The firmware's run is over: a reset, a bite of the watchdog, a loss of power. `cause` says which."""

    cause = ""


class SimulatedBoard:
    """One board in one world.

    `host` decides how far time may run (`host.turn(board)` sets `limit_us`, brings bytes and takes `tx`).
    """

    def __init__(self, port, world, wiring, serial="SIM00001", seed=1):
        self.port = port
        self.world = world
        self.serial = serial
        self.timeline = Timeline()
        self.crystal = Crystal(self.timeline)
        self.host = None
        self.limit_us = 0
        self.tx = bytearray()
        self.rx = bytearray()
        self.rx_new = False
        self.stalled = False
        self.tx_held = bytearray()
        self.unplugged = False
        self._ended = FirmwareEnded()
        self.dead = False  # the firmware has ended: nothing that it still does counts
        self.running = False
        self.trap = None  # what the firmware meets at its next call
        self.hung = False
        self.in_irq = False
        self.irq_off = False
        self._irq_waiting = []
        self.soft = []
        self.timers = []
        self.timers_dead = False
        self.watchdog = Watchdog(self)
        self.cause = "power_on"
        self.after_soft_reset = False
        self.restarts = {}
        self.started_us = 0  # when the firmware last started: its clock's zero
        self.flash = None
        self.off_us = 0  # how long the power stays away at the next brown-out
        self.faults = {}
        self.staged = {}  # what faults of the computer keep, to undo themselves
        self.makes_room = None  # entered while the simulator needs the memory that a fault holds
        self.buttons = {"button_a": False, "button_b": False}
        self.levels = dict.fromkeys(wiring.values(), 0)
        self.dead_nets = set()  # what hangs on these does nothing
        self.timer_slow_ppm = 0
        self._setters = {
            "pump_pwm": self._set_pump,
            "pump_enable": self._set_pump_enable,
            "valve_bleed": self._set_bleed,
            "valve_dump": self._set_dump,
            "external_test": self._set_external_test,
        }
        self.pads = {number: Pad(self, number, wiring.get(number)) for number in port.pins}
        self.oximeter = Max30102(world, self.timeline, seed)
        self.cuff_sensor = Mpr(world, self.timeline, seed)
        self.analog = Analog(world, port, seed)
        pad_of = {net: self.pads[number] for number, net in wiring.items()}
        self.buses = {
            "oximeter": Bus(self, pad_of["oximeter_scl"], pad_of["oximeter_sda"], {Max30102.ADDRESS: self.oximeter}),
            "cuff": Bus(self, pad_of["cuff_scl"], pad_of["cuff_sda"], {Mpr.ADDRESS: self.cuff_sensor}),
        }

    # ------------------------------------------------------------ time

    def advance(self, target_us, sleeping=False):
        """Lets virtual time pass until `target_us`.

        A sleep is cut short by bytes from the host, and soft callbacks run in it; a bus transfer knows neither. Raises
        FirmwareEnded where the firmware does not survive it.
        """
        if self.dead and self.running:
            raise self._ended
        if self.in_irq:
            raise RuntimeError("a hard interrupt cannot wait: no bus transfer and no sleep in it")
        timeline = self.timeline
        heap = timeline.heap
        while True:
            if self.trap is not None:
                self._spring()
            if timeline.now_us >= target_us:
                return
            if self.tx or timeline.now_us >= self.limit_us:
                self.host.turn(self)
                if self.trap is not None:
                    continue
                if sleeping and self.rx_new:
                    self.rx_new = False
                    return
            stop = target_us if target_us < self.limit_us else self.limit_us
            while heap and heap[0][0] <= stop:
                entry = timeline.pop()
                action = entry[2]
                if action is not None:
                    action(entry)
                    if self.trap is not None or self.tx or (sleeping and self.soft):
                        break
            else:
                timeline.now_us = stop
            if sleeping and self.soft:
                self.run_soft()

    def sync(self):
        """Brings the world to now."""
        if self.world.t_us != self.timeline.now_us:
            self.world.advance_to(self.timeline.now_us)

    def settle(self):
        """Brings the world to now and lets the oximeter take its samples, before somebody changes how things are."""
        self.sync()
        self.oximeter.sample()

    def _spring(self):
        """Does to the firmware what a fault has laid out for it. Without firmware running, only resets matter."""
        trap = self.trap
        self.trap = None
        if trap == "hang" or trap == "hang_irq_off":
            if not self.running or self.hung:
                return
            self.hung = True
            self.irq_off = trap == "hang_irq_off"
            try:
                while self.hung:
                    self.advance(
                        self.timeline.now_us + 1000
                    )  # looks once a millisecond whether the hang has been ended
            finally:
                self.hung = False
                self.irq_on()
        elif trap == "crash":
            if self.running:
                raise RuntimeError("simulated crash")
        else:
            raise self.end(trap)

    def end(self, cause):
        """Ends the firmware's run; returns the exception to raise."""
        self.dead = True
        self._ended.cause = cause
        return self._ended

    # ------------------------------------------------------------ interrupts

    def interrupt(self, callback, argument):
        """Calls a hard interrupt's handler, with the heap locked as on the board. Returns False where it raised: the
        port prints that and takes the handler away."""
        self.sync()
        failure = None
        self.in_irq = True
        heap_lock()
        try:
            callback(argument)
        except Exception as e:
            failure = e
        finally:
            heap_unlock()
            self.in_irq = False
        if failure is None:
            return True
        self.console("Uncaught exception in IRQ callback handler\r\n")
        self.traceback(failure)
        return False

    def call_hard(self, source):
        """A hard interrupt of `source` (a Timer or a Pin's handler): now, or when interrupts are on again."""
        if self.irq_off:
            if source not in self._irq_waiting:
                self._irq_waiting.append(source)
        elif not self.interrupt(source.callback, source):
            source.deinit()

    def irq_on(self):
        """Interrupts on; those that waited happen now."""
        self.irq_off = False
        while self._irq_waiting:
            self.call_hard(self._irq_waiting.pop(0))

    def schedule(self, callback, argument):
        """A soft callback: it runs at the next moment at which the interpreter could run it."""
        if len(self.soft) < SCHEDULE_DEPTH:
            self.soft.append((callback, argument))

    def run_soft(self):
        """Runs the soft callbacks that wait; an exception in one is printed, as on the board."""
        while self.soft:
            callback, argument = self.soft.pop(0)
            try:
                callback(argument)
            except Exception as e:
                self.traceback(e)

    # ------------------------------------------------------------ resets

    def restart(self, cause):
        """Brings the hardware into the state in which the firmware starts after `cause`; time passes until then."""
        self.restarts[cause] = self.restarts.get(cause, 0) + 1
        for timer in self.timers:
            self.timeline.cancel(timer.entry)
        self.timers = []
        self.soft = []
        self._irq_waiting = []
        self.irq_off = False
        self.hung = False
        self.trap = None
        self.running = False
        self.after_soft_reset = cause == "soft_reset"
        if cause == "soft_reset":
            for pad in self.pads.values():
                pad.freeze_pwm()
                pad.handler = None
                pad.bus = None
        else:
            self._hard_restart(cause)
        self.dead = False
        self._wait(20000 if cause == "soft_reset" else self.port.boot_us)
        if cause not in ("soft_reset", "power_on"):
            self.rx[:] = b""  # USB was gone meanwhile, and what was sent to it with it

    def _hard_restart(self, cause):
        self.sync()
        self.cause = cause
        for pad in self.pads.values():
            pad.release()
        self.watchdog.stop()
        self.rx = bytearray()
        if cause == "brown_out":
            self.faults.pop("brown_out", None)
            self.oximeter.power_on()
            self.cuff_sensor.power_on()
            self._wait(self.off_us)
            self.world.power_cycle()

    def _wait(self, us):
        """Time without firmware: whatever happens in it, no reset interrupts it."""
        target = self.timeline.now_us + us
        while self.timeline.now_us < target:
            try:
                self.advance(target)
            except FirmwareEnded:
                self.dead = False

    def reset_cause(self):
        """What `machine.reset_cause()` gives on this port."""
        if self.after_soft_reset and self.port.family == "esp32":
            return 5
        return self.port.causes[self.cause]

    # ------------------------------------------------------------ pads

    def drive(self, net, permille):
        """A pad drives a net."""
        if self.dead and self.running:
            return
        if self.levels[net] != permille:
            self.sync()
            self.levels[net] = 0 if net in self.dead_nets else permille
            setter = self._setters.get(net)
            if setter is not None:
                setter(permille)

    def _set_pump(self, permille):
        self.world.pump_permille = permille

    def _set_pump_enable(self, permille):
        self.world.pump_enable = permille >= 500

    def _set_bleed(self, permille):
        self.world.bleed_permille = permille

    def _set_dump(self, permille):
        self.world.dump_shut = permille >= 500

    def _set_external_test(self, permille):
        self.world.external_test = permille >= 500

    def net_level(self, pad):
        """The level an input pad sees."""
        net = pad.net
        if net in self.buttons:
            return 1 if pad.pull == PULL_UP and not self.buttons[net] else 0
        if net == "external_ok":
            self.sync()
            return 1 if self.world.external_ok else 0
        if pad.bus_line():
            return self.buses[net[:-4]].line_level(pad)
        return 0

    def bus_line_moved(self, pad):
        """The firmware moves a bus line by hand."""
        self.buses[pad.net[:-4]].line_moved(pad)

    def set_button(self, name, pressed):
        """Presses or releases `a` or `b`."""
        net = "button_" + name
        if net not in self.buttons:
            raise ValueError("there is no button '%s': the buttons are a and b" % name)
        self.buttons[net] = pressed and net not in self.dead_nets
        for pad in self.pads.values():
            if pad.net == net and pad.handler is not None and pad.trigger & (4 if pressed else 8):
                pad.handler.edge()

    # ------------------------------------------------------------ USB

    def usb_write(self, buf, n):
        """Bytes from the firmware; how many were taken. Never waits."""
        if self.dead and self.running:
            return 0
        if self.unplugged:
            return n
        if self.stalled:
            room = USB_FIFO - len(self.tx_held)
            if n > room:
                n = room
            self.tx_held.extend(memoryview(buf)[:n])
        elif n:
            self.tx.extend(memoryview(buf)[:n])
        return n

    def usb_read_into(self, buf):
        """Bytes for the firmware; how many."""
        rx = self.rx
        n = len(rx)
        self.rx_new = False
        if n == 0 or (self.dead and self.running):
            return 0
        if n > len(buf):
            n = len(buf)
        buf[:n] = rx[:n]
        self.rx = rx[n:]
        return n

    def host_bytes(self, data):
        """Bytes from the host arrive."""
        if not self.unplugged and len(self.rx) + len(data) <= HOST_BUFFER:
            self.rx.extend(data)
            self.rx_new = True

    def set_stalled(self, stalled):
        """The host stops reading, or reads again and gets what waited in the chip."""
        if stalled and not self.stalled:
            self.tx_held = bytearray()
        elif self.stalled and not stalled and not self.unplugged:
            self.tx.extend(self.tx_held)
        self.stalled = stalled

    def console(self, text):
        """Text that the interpreter prints."""
        data = text.encode()
        self.usb_write(data, len(data))

    def traceback(self, exception):
        """Prints an exception as the board's interpreter would."""
        from board.interpreter import traceback_text

        self.console(traceback_text(exception).replace("\n", "\r\n"))

    # ------------------------------------------------------------ the truth

    def state(self):
        """All that is so now, for tests and the control connection."""
        self.settle()
        state = self.world.truth()
        state["levels_permille"] = self.levels
        state["buttons"] = self.buttons
        state["faults"] = sorted(set(state["faults"]) | set(self.faults))
        state["running"] = self.running and not self.hung
        state["hung"] = self.hung
        state["restarts"] = self.restarts
        state["started_us"] = self.started_us
        state["watchdog_ms"] = self.watchdog.timeout_us // 1000
        state["oximeter_samples_lost"] = self.oximeter.samples_lost
        state["cuff_conversions"] = self.cuff_sensor.conversions
        if self.flash is not None:
            state.update(self.flash.state())
        return state
