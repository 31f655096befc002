# SPDX-License-Identifier: Apache-2.0
"""What each command does. One method a command; all take the parsed fields and the time and return wire.REFUSAL_*."""

from vitals.link import wire
from vitals.parts.host import LATER


def signed(value):
    """A 32-bit number as the signed field of an answer carries it."""
    return value - 0x100000000 if value & 0x80000000 else value


class Actions:
    """`app` is the application. `value` and `detail` go with the answer."""

    def __init__(self, app):
        self._app = app
        self.value = None
        self.detail = ""

    def perform(self, command, fields, t_ms):
        """Does one command; LATER where its answer comes when the work is done."""
        action = self._DO.get(command)
        if action is not None:
            return action(self, fields, t_ms)
        if wire.SELFTEST_RUN <= command <= wire.CALIBRATION_CLEAR:
            # Loaded for it: a session does without.
            from vitals.service import commands

            return commands.perform(self._app, command, fields, t_ms)
        return wire.REFUSAL_UNKNOWN_COMMAND

    # ------------------------------------------------------------ what the link notices

    def hello(self, t_ms):
        self._app.say_hello(t_ms)

    def host_lost(self, t_ms):
        self._app.keeper.host_lost(t_ms)

    def host_returned(self, t_ms, again):
        self._app.keeper.host_returned(t_ms, again)

    # ------------------------------------------------------------ commands

    def _identify(self, fields, t_ms):
        self._app.say_hello(t_ms)
        for state in self._app.limits.states():
            self._app.telemetry.alarm(state, t_ms)
        return wire.REFUSAL_NONE

    def _ping(self, fields, t_ms):
        return wire.REFUSAL_NONE

    def _cuff_start(self, fields, t_ms):
        if self._app.bench is not None:
            return wire.REFUSAL_BUSY
        refusal = self._app.cuff.start(t_ms, wire.TRIGGER_HOST)
        return refusal if refusal != wire.REFUSAL_NONE else LATER

    def _observe(self, fields, t_ms):
        refusal = self._app.cuff.observe(t_ms, fields[2])
        return refusal if refusal != wire.REFUSAL_NONE else LATER

    def _abort(self, fields, t_ms):
        self._app.stop_cuff(t_ms)
        return wire.REFUSAL_NONE

    def _vent(self, fields, t_ms):
        self._app.stop_cuff(t_ms)
        # Somebody is there and has looked: a tripped interlock lets go if the cuff is empty.
        self._app.cuff.reset_interlock()
        return wire.REFUSAL_NONE

    def _session_begin(self, fields, t_ms):
        _, _, number, interval_s, max_minutes, same_limb = fields
        if self._app.cuff.controller.active or self._app.bench is not None:
            self.detail = "the cuff or a test is busy"
            return wire.REFUSAL_BUSY
        return self._app.keeper.begin(number, interval_s, max_minutes, same_limb, t_ms)

    def _session_end(self, fields, t_ms):
        session = self._app.session
        if session.number is None:
            return wire.REFUSAL_NO_SESSION
        if session.number != fields[2]:
            self.detail = "another session is open"
            return wire.REFUSAL_NOT_FOUND
        self._app.keeper.end(t_ms, wire.EVENT_SESSION_END)
        return wire.REFUSAL_NONE

    def _set_limits(self, fields, t_ms):
        if self._app.session.number is None:
            return wire.REFUSAL_NO_SESSION
        limits = self._app.limits
        refusal = limits.load_packed(bytes(fields[4]), t_ms, fields[2], fields[3])
        if refusal == wire.REFUSAL_NONE:
            self.value = signed(limits.crc)
            self._app.telemetry.event(t_ms, wire.EVENT_LIMITS_SET, wire.FAULT_NONE, self.value)
        return refusal

    def _set_interval(self, fields, t_ms):
        return self._app.session.set_interval(fields[2], t_ms)

    def _acknowledge(self, fields, t_ms):
        return wire.REFUSAL_NONE if self._app.limits.acknowledge(fields[2], t_ms) else wire.REFUSAL_NOT_FOUND

    def _audio_pause(self, fields, t_ms):
        paused = self._app.panel.pause(fields[2], t_ms)
        return wire.REFUSAL_NONE if paused else wire.REFUSAL_BAD_VALUE

    def _config_set(self, fields, t_ms):
        try:
            text = str(bytes(fields[3]), "utf-8")
        except ValueError:
            return wire.REFUSAL_BAD_VALUE
        # What a session is guarded by stays as it began; sending the waveform or not changes nothing of it.
        if self._app.session.number is not None and fields[2] != wire.CONFIG_KEY_PPG_STREAM:
            return wire.REFUSAL_SESSION_OPEN
        refusal = self._app.config.set(fields[2], text)
        if refusal == wire.REFUSAL_NONE:
            self._app.apply_config()
            if fields[2] == wire.CONFIG_KEY_FALLBACK_LIMITS:
                self._app.limits.fall_back(self._app.config.fallback_limits, t_ms)
            self._app.telemetry.event(t_ms, wire.EVENT_CONFIG_SAVED, wire.FAULT_NONE, fields[2])
        return refusal

    def _config_get(self, fields, t_ms):
        text = self._app.config.get(fields[2])
        if text is None:
            return wire.REFUSAL_NOT_FOUND
        self.detail = text
        return wire.REFUSAL_NONE

    def _oscillogram_get(self, fields, t_ms):
        return self._app.cuff.send_oscillogram(fields[2], t_ms)

    def _service_enter(self, fields, t_ms):
        # Loaded when it is wanted: what follows is a restart.
        from vitals.service import mode

        app = self._app
        refusal = mode.request(app.boot_log, app.session.number is not None, app.cuff.empty())
        if refusal == wire.REFUSAL_NONE:
            app.telemetry.event(t_ms, wire.EVENT_SERVICE_ENTERED)
            app.restart_soon(t_ms)
        return refusal

    def _reset(self, fields, t_ms):
        from vitals.service import mode

        app = self._app
        refusal = mode.refusal(app.session.number is not None, app.cuff.empty())
        if refusal == wire.REFUSAL_NONE:
            refusal = app.intend_restart(t_ms)
        return refusal

    # Functions, not methods of this object: seventeen of those would be seventeen more objects.
    _DO = {
        wire.IDENTIFY: _identify,
        wire.PING: _ping,
        wire.CUFF_START: _cuff_start,
        wire.ABORT: _abort,
        wire.VENT: _vent,
        wire.SESSION_BEGIN: _session_begin,
        wire.SESSION_END: _session_end,
        wire.SET_LIMITS: _set_limits,
        wire.SET_INTERVAL: _set_interval,
        wire.ACKNOWLEDGE: _acknowledge,
        wire.AUDIO_PAUSE: _audio_pause,
        wire.CONFIG_SET: _config_set,
        wire.CONFIG_GET: _config_get,
        wire.OSCILLOGRAM_GET: _oscillogram_get,
        wire.SERVICE_ENTER: _service_enter,
        wire.RESET: _reset,
        wire.OBSERVE: _observe,
    }
