# SPDX-License-Identifier: Apache-2.0
"""What the board says, message by message: packs each into the outbox, or into the store while no host listens."""

from micropython import const

from vitals import FIRMWARE
from vitals.link import outbox as ranks
from vitals.link import wire

_HEADER = const(8)
# Beats that fit one part of an oscillogram.
OSCILLOGRAM_PART = const(80)
# Room to leave in the outbox for what is new, while late readings go out.
_LATE_ROOM = const(256)


def bit(value, flag):
    """`flag` where there is a value, 0 where it is absent."""
    return 0 if value is None else flag


class Telemetry:
    """`store` keeps what no host would hear: set `keep` to the session's number for that, None to send.

    Readings, results, alarms and events then go there under that session, and out again, marked late, by `send_late`.
    """

    def __init__(self, outbox, store):
        self._outbox = outbox
        self._store = store
        self._payload = memoryview(outbox.body)[_HEADER:]
        self.session = None
        self.keep = None

    def _late(self):
        return wire.READING_FLAGS_LATE if self.keep is not None else 0

    # ------------------------------------------------------------ who and how

    def hello(self, t_ms, kind, cause, fault, service, capabilities, boot, identity):
        end = wire.pack_hello(
            self._outbox.body,
            _HEADER,
            wire.VERSION_MINOR,
            kind,
            cause,
            fault,
            FIRMWARE[0],
            FIRMWARE[1],
            FIRMWARE[2],
            service,
            wire.SCHEMA_HASH,
            capabilities,
            boot,
            identity,
        )
        return self._outbox.put(wire.HELLO, end, t_ms, ranks.URGENT)

    def heartbeat(self, t_ms, boot, status, limits_crc, supply_mv, tick_worst_ms, heap_free):
        present = (
            bit(self.session, wire.HEARTBEAT_HAS_SESSION)
            | bit(supply_mv, wire.HEARTBEAT_HAS_SUPPLY_MV)
            | bit(heap_free, wire.HEARTBEAT_HAS_HEAP_FREE)
        )
        dropped = self._outbox.dropped
        end = wire.pack_heartbeat(
            self._outbox.body,
            _HEADER,
            present,
            boot,
            status,
            limits_crc,
            self.session,
            supply_mv,
            tick_worst_ms if tick_worst_ms < 65535 else 65535,
            heap_free,
            dropped if dropped < 65535 else 65535,
        )
        return self._outbox.put(wire.HEARTBEAT, end, t_ms, ranks.READING)

    # ------------------------------------------------------------ what was measured

    def oximetry(self, t_ms, o, spo2_reason, pulse_reason, perfusion_reason, flags):
        """One reading of `o` (an Oximetry); where the reason given is a reason against a value, the value is absent."""
        present = bit(self.session, wire.OXIMETRY_READING_HAS_SESSION)
        if spo2_reason == o.spo2_reason:
            present |= bit(o.spo2_x10, wire.OXIMETRY_READING_HAS_SPO2_PCT)
            present |= bit(
                o.newest_x10,
                wire.OXIMETRY_READING_HAS_SPO2_NEWEST_PCT | wire.OXIMETRY_READING_HAS_SPO2_NEWEST_MS,
            )
        if pulse_reason == o.pulse_reason:
            present |= bit(o.pulse_x10, wire.OXIMETRY_READING_HAS_PULSE_BPM)
            present |= bit(o.quality, wire.OXIMETRY_READING_HAS_QUALITY)
        if perfusion_reason == o.perfusion_reason:
            present |= bit(o.perfusion_x100, wire.OXIMETRY_READING_HAS_PERFUSION_PCT)
        end = wire.pack_oximetry_reading(
            self._outbox.body,
            _HEADER,
            present,
            o.spo2_x10,
            o.pulse_x10,
            o.perfusion_x100,
            o.quality,
            self.session,
            spo2_reason,
            pulse_reason,
            perfusion_reason,
            o.averaging_s,
            flags | self._late(),
            o.newest_x10,
            o.newest_ms,
        )
        if self.keep is None:
            self._outbox.put(wire.OXIMETRY_READING, end, t_ms, ranks.READING)
        else:
            self._store.add_oximetry(self.keep, wire.OXIMETRY_READING, t_ms, self._payload, end - _HEADER)

    def ppg(self, t_ms, first_index, rate_hz, lost, red, ir, n):
        """Raw samples; never kept for later."""
        if self.keep is None:
            end = wire.pack_ppg(
                self._outbox.body, _HEADER, first_index, rate_hz, lost if lost < 65535 else 65535, red, ir, 0, n
            )
            self._outbox.put(wire.PPG, end, t_ms, ranks.STREAM)

    def cuff_pressure(self, t_ms, pressure_x10, guard_x10, target_x10, phase, pump_pct, cycle):
        """Never kept for later."""
        if self.keep is None:
            present = (
                bit(pressure_x10, wire.CUFF_PRESSURE_HAS_PRESSURE_MMHG)
                | bit(guard_x10, wire.CUFF_PRESSURE_HAS_GUARD_MMHG)
                | bit(target_x10, wire.CUFF_PRESSURE_HAS_TARGET_MMHG)
            )
            end = wire.pack_cuff_pressure(
                self._outbox.body,
                _HEADER,
                present,
                pressure_x10,
                guard_x10,
                target_x10,
                phase,
                pump_pct,
                cycle & 0xFFFF,
            )
            self._outbox.put(wire.CUFF_PRESSURE, end, t_ms, ranks.STREAM)

    def nibp(self, t_ms, r, session, flags):
        """A result `r` (nibp.Result), under the session in which its cycle began."""
        present = (
            bit(r.sbp_x10, wire.NIBP_RESULT_HAS_SBP_MMHG)
            | bit(r.map_x10, wire.NIBP_RESULT_HAS_MAP_MMHG)
            | bit(r.dbp_x10, wire.NIBP_RESULT_HAS_DBP_MMHG)
            | bit(r.pulse_x10, wire.NIBP_RESULT_HAS_PULSE_BPM)
            | bit(r.quality, wire.NIBP_RESULT_HAS_QUALITY)
            | bit(session, wire.NIBP_RESULT_HAS_SESSION)
            | bit(r.peak_amplitude_x100, wire.NIBP_RESULT_HAS_PEAK_AMPLITUDE_MMHG)
            | bit(r.peak_pressure_x10, wire.NIBP_RESULT_HAS_PEAK_PRESSURE_MMHG)
        )
        end = wire.pack_nibp_result(
            self._outbox.body,
            _HEADER,
            present,
            r.sbp_x10,
            r.map_x10,
            r.dbp_x10,
            r.pulse_x10,
            r.quality,
            session,
            r.peak_amplitude_x100,
            r.outcome,
            r.trigger,
            r.attempt,
            r.beats,
            r.algorithm,
            flags | self._late(),
            r.cycle & 0xFFFF,
            r.started_ms & 0xFFFFFFFF,
            r.peak_pressure_x10,
            r.direction,
            r.doubts,
        )
        self._finish(wire.NIBP_RESULT, end, t_ms)

    def oscillogram_part(self, t_ms, cycle, algorithm, part, parts, o):
        """Part `part` of the oscillogram `o` (nibp.Capture) of a cycle. Returns whether there was room."""
        start = part * OSCILLOGRAM_PART
        n = o.beats - start
        if n > OSCILLOGRAM_PART:
            n = OSCILLOGRAM_PART
        end = wire.pack_oscillogram(
            self._outbox.body,
            _HEADER,
            cycle & 0xFFFF,
            algorithm,
            part,
            parts,
            o.direction,
            min(255, o.left_out),
            min(65535, o.noise_mmmhg),
            o.begin_cmmhg,
            o.end_cmmhg,
            o.pressure_cmmhg,
            o.amplitude_mmmhg,
            o.t_10ms,
            start,
            n,
        )
        return self._outbox.put(wire.OSCILLOGRAM, end, t_ms, ranks.URGENT)

    # ------------------------------------------------------------ what happened

    def event(self, t_ms, event, fault=wire.FAULT_NONE, value=None):
        end = wire.pack_event(self._outbox.body, _HEADER, bit(value, wire.EVENT_HAS_VALUE), event, fault, value, "")
        self._finish(wire.EVENT, end, t_ms)

    def alarm(self, change, t_ms):
        """One alarm as it stands (alarms.limits.Change)."""
        present = bit(change.value, wire.ALARM_HAS_VALUE) | bit(change.limit, wire.ALARM_HAS_LIMIT)
        end = wire.pack_alarm(
            self._outbox.body,
            _HEADER,
            present,
            change.rule,
            change.state,
            change.priority,
            change.value,
            change.limit,
            change.cause,
        )
        self._finish(wire.ALARM, end, t_ms)

    def answer(self, t_ms, client, number, command, outcome, refusal, value, detail):
        end = wire.pack_answer(
            self._outbox.body,
            _HEADER,
            bit(value, wire.ANSWER_HAS_VALUE),
            client,
            number,
            command,
            outcome,
            refusal,
            value,
            detail,
        )
        return self._outbox.put(wire.ANSWER, end, t_ms, ranks.URGENT)

    def _finish(self, type_, end, t_ms):
        if self.keep is None or not self._store.add(self.keep, type_, t_ms, self._payload, end - _HEADER):
            self._outbox.put(type_, end, t_ms, ranks.URGENT)

    # ------------------------------------------------------------ late

    def send_late(self):
        """Sends what the store kept, oldest first, as far as the outbox has room. Returns how many went."""
        sent = 0
        while self._store.count and self._outbox.room(ranks.READING) >= _LATE_ROOM:
            type_, t_ms, n = self._store.take_into(self._payload)
            self._outbox.put(type_, _HEADER + n, t_ms, ranks.URGENT)
            sent += 1
        return sent
