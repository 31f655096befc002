# SPDX-License-Identifier: Apache-2.0
"""Keeps the session: opens and ends it with all that belongs to it, starts its cycles, and keeps what no host hears."""

from vitals.link import wire


class Keeper:
    """`app` is the application. What belongs to one session begins and ends here, and nowhere else."""

    def __init__(self, app):
        self._app = app
        self._interval_due = False
        self._late = False

    def advance(self, t_ms):
        """Ends a session whose time is over, and starts the cycle that is due."""
        app = self._app
        session = app.session
        if session.number is None:
            return
        if session.expired(t_ms):
            self.end(t_ms, wire.EVENT_SESSION_EXPIRED)
            return
        if session.cycle_due(t_ms):
            self._interval_due = True
        if self._interval_due and not app.cuff.controller.active:
            # A cuff that still rests from a reading that somebody asked for begins when it has rested.
            self._interval_due = app.cuff.start(t_ms, wire.TRIGGER_INTERVAL) == wire.REFUSAL_RESTING

    def begin(self, number, interval_s, max_minutes, same_limb, t_ms):
        """Opens a session. Nothing of the last patient stays. Returns wire.REFUSAL_*."""
        app = self._app
        refusal = app.session.begin(number, interval_s, max_minutes, same_limb, t_ms)
        if refusal != wire.REFUSAL_NONE:
            return refusal
        if self._late:
            # What an earlier session left goes out before its store is given to the next.
            self.send_late(t_ms)
        self._forget(t_ms)
        app.readings.begin(number)
        app.telemetry.session = number
        app.cuff.controller.session_open = True
        app.event(t_ms, wire.EVENT_SESSION_BEGIN)
        return wire.REFUSAL_NONE

    def end(self, t_ms, event):
        """Ends the session: the cuff is emptied, limits and silences end with it."""
        app = self._app
        app.stop_cuff(t_ms)
        app.event(t_ms, event)
        app.session.end()
        self._interval_due = False
        self._forget(t_ms)
        app.cuff.controller.session_open = False
        app.telemetry.session = None
        app.telemetry.keep = None

    def _forget(self, t_ms):
        app = self._app
        app.limits.reset(t_ms)
        app.audio.end(t_ms)
        app.cuff.controller.session_reset()
        app.finger.new_session()

    def host_lost(self, t_ms):
        """Nobody listens: interval cycles and alarms go on, readings are kept."""
        app = self._app
        app.event(t_ms, wire.EVENT_HOST_LOST)
        app.telemetry.keep = app.session.number

    def host_returned(self, t_ms, again):
        """Somebody listens; `again`, after having been away: first what was kept, marked late."""
        app = self._app
        app.telemetry.keep = None
        if not again:
            return
        app.event(t_ms, wire.EVENT_HOST_RETURNED)
        if app.readings.count:
            self._late = True
            app.telemetry.event(t_ms, wire.EVENT_LATE_BEGIN, wire.FAULT_NONE, app.readings.count)

    def result(self, t_ms, result, flags):
        """Sends or keeps a cuff's result under the session in which its cycle began, even if that has ended since."""
        app = self._app
        telemetry = app.telemetry
        keep = telemetry.keep
        if app.host.spoken and not app.host.present:
            telemetry.keep = app.cuff.session
        telemetry.nibp(t_ms, result, app.cuff.session, flags)
        telemetry.keep = keep

    def send_late(self, t_ms):
        """Sends what was kept, as far as there is room."""
        app = self._app
        if not self._late or app.telemetry.keep is not None:
            return
        app.telemetry.send_late()
        if not app.readings.count:
            self._late = False
            if app.readings.dropped:
                app.telemetry.event(t_ms, wire.EVENT_STORE_OVERFLOW, wire.FAULT_NONE, app.readings.dropped)
            app.telemetry.event(t_ms, wire.EVENT_LATE_END)
