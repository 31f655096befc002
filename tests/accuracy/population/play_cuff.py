# SPDX-License-Identifier: Apache-2.0
"""Measures patients with the firmware's cuff on the simulated board; runs under either interpreter.

Arguments: the repository's root, and a file with one patient a line (`CuffPatient.board()`, and "again": true for other
noise of the sensors). Prints one JSON object a patient: the results of all attempts with their oscillograms, and the
pressure at 100 Hz in 0.01 mmHg as the firmware saw it.

The firmware's own board class, drivers, `Cuff` and `CuffController` run in a session on the simulated board; only
application, link and interlock's timer are left out. A failed cycle is tried again by the controller itself.
"""

import gc
import json
import sys
from array import array

ROOT = sys.argv[1]
sys.path.insert(0, ROOT + "/hardware/twin")
sys.path.insert(0, ROOT + "/firmware")
if sys.implementation.name != "micropython":
    sys.path.append(ROOT + "/hardware/twin/cpython")

from board import faults, machine  # noqa: E402
from board.firmware import BoardClock  # noqa: E402
from board.pins import read_pinout  # noqa: E402
from board.ports import PORTS  # noqa: E402
from board.simulated import SimulatedBoard  # noqa: E402
from board.timeline import FOREVER  # noqa: E402
from world.world import World  # noqa: E402

sys.modules["machine"] = machine

from vitals.boards.pico import Board  # noqa: E402
from vitals.drivers.bus import Bus  # noqa: E402
from vitals.drivers.guard import Guard  # noqa: E402
from vitals.drivers.mprls import Mprls  # noqa: E402
from vitals.drivers.pneumatics import Pneumatics  # noqa: E402
from vitals.link import wire  # noqa: E402
from vitals.nibp.controller import CuffController  # noqa: E402
from vitals.parts.cuff import Cuff  # noqa: E402
from vitals.safety.faults import Faults  # noqa: E402
from vitals.safety.interlock import Interlock  # noqa: E402

START_MS = 1000
GIVE_UP_MS = 400000
OUTCOMES = {}
for _name in dir(wire):
    if _name.startswith("NIBP_OUTCOME_"):
        OUTCOMES[getattr(wire, _name)] = _name[13:].lower()
FIELDS = (
    "sbp_x10", "map_x10", "dbp_x10", "pulse_x10", "quality", "peak_amplitude_x100", "attempt", "beats", "algorithm",
)  # fmt: skip


class Silence:
    """Telemetry that goes nowhere, and a wire that nobody reads."""

    session = 1

    def __getattr__(self, name):
        return self._nothing

    @staticmethod
    def _nothing(*_arguments):
        return True


class Bedside:
    """One patient on one board."""

    def __init__(self, told):
        again = told.get("again", False)
        seed = told["seed"] * 2 + (1 if again else 0) + 17
        world = World(told["patient"], told["seed"] + 1)
        wiring = read_pinout(ROOT + "/hardware/pinout.csv", "pico")
        twin = SimulatedBoard(PORTS["pico"](), world, wiring, "SIM00001", seed)
        twin.limit_us = FOREVER
        twin.cuff_sensor.noise_mmmhg = told["noise_mmmhg"]
        machine.attach(twin)
        for name, seconds, arguments in told["faults"]:
            faults.schedule(twin, name, int(seconds * 1000000), arguments)
        self.clock = BoardClock(twin)
        board = Board(clock=self.clock, wire=Silence(), storage_path=".")
        self.controller = CuffController()
        self.controller.session_open = True
        outputs = Pneumatics(board.pump, board.pump_enable, board.bleed, board.dump)
        interlock = Interlock(outputs, board.guard_read, self.clock.ticks_ms)
        self.bus = Bus(board.cuff_lines)
        self.sensor = Mprls(self.bus)
        guard = Guard(board.guard_read_shared)
        self.cuff = Cuff(
            self.sensor, guard, outputs, self.controller, interlock, Faults(), Silence(), board.external_ok.value, True
        )
        self.signal = array("h")
        self.signal_from_ms = None
        self.phases = []

    def measure(self):
        """Starts a reading and waits for what comes of it, a second attempt included."""
        clock, cuff, controller = self.clock, self.cuff, self.controller
        sensor = self.sensor
        attempts = []
        phase = controller.phase
        started = False
        while True:
            t_ms = clock.now_ms()
            self.bus.advance(t_ms)
            cuff.advance(t_ms)
            if controller.active and sensor.fresh:
                if self.signal_from_ms is None:
                    self.signal_from_ms = t_ms
                self.signal.append(cuff.cmmhg)
            if controller.phase != phase:
                phase = controller.phase
                self.phases.append([t_ms, phase])
            result = controller.take_result()
            if result is not None:
                attempts.append(self.attempt(result))
            if not started and t_ms >= START_MS:
                refusal = cuff.start(t_ms, wire.TRIGGER_HOST)
                if refusal != wire.REFUSAL_NONE:
                    return {"refused": refusal, "attempts": attempts}
                started = True
            elif started and not controller.active and controller.retry_at_ms is None:
                return {"attempts": attempts}
            if t_ms > GIVE_UP_MS:
                return {"gave_up": True, "attempts": attempts}
            clock.sleep_until(cuff.next_deadline())

    def attempt(self, result):
        """One cycle: its numbers, beats and signal. The signal begins with the first sample of the cycle."""
        row = {}
        for name in FIELDS:
            row[name] = getattr(result, name, None)
        row["outcome"] = OUTCOMES[result.outcome]
        row["started_ms"] = result.started_ms
        row["ended_ms"] = self.clock.now_ms()
        row["phases"] = self.phases
        capture = self.controller.capture
        n = capture.beats
        row["oscillogram"] = [
            list(column[:n]) for column in (capture.pressure_cmmhg, capture.amplitude_mmmhg, capture.t_10ms)
        ]
        row["signal_from_ms"] = self.signal_from_ms
        row["signal_cmmhg"] = list(self.signal)
        self.phases = []
        self.signal = array("h")
        self.signal_from_ms = None
        return row


def main(path):
    with open(path) as file:
        for line in file:
            gc.collect()
            told = json.loads(line)
            out = Bedside(told).measure()
            out["seed"] = told["seed"]
            out["again"] = told.get("again", False)
            print(json.dumps(out))


if __name__ == "__main__":
    main(sys.argv[2])
