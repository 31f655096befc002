# SPDX-License-Identifier: Apache-2.0
"""Lights and buzzer: one pattern for each alarm priority, as an edge list with its own deadline.

Rates and rhythms lie inside the ranges of IEC 60601-1-8 as monitors' manuals state them: high priority flashes red at
1.4-2.8 Hz and sounds ten pulses (3 + 2, twice) of 75-200 ms, medium flashes yellow at 0.4-0.8 Hz and sounds three of
125-250 ms, low shows steady yellow and sounds one; bursts repeat after 2.5-15 s, 2.5-30 s and more than 15 s. The tone
is a square wave of 660 Hz, rich in harmonics.
"""

from micropython import const

from vitals.link import wire

# Edges of one burst, ms from its start: sound on, off, on, off...
_HIGH = (0, 150, 250, 400, 500, 650, 950, 1100, 1200, 1350, 1850, 2000, 2100, 2250, 2350, 2500, 2800, 2950, 3050, 3200)
_MEDIUM = (0, 200, 400, 600, 800, 1000)
_LOW = (0, 200)
_BURST_EVERY_MS = {wire.PRIORITY_HIGH: 8000, wire.PRIORITY_MEDIUM: 15000, wire.PRIORITY_LOW: 20000}
_EDGES = {wire.PRIORITY_HIGH: _HIGH, wire.PRIORITY_MEDIUM: _MEDIUM, wire.PRIORITY_LOW: _LOW}
_RED_HALF_MS = const(250)  # 2 Hz
_YELLOW_HALF_MS = const(850)  # 0.59 Hz
_HALF_DUTY = const(32768)
_FULL_DUTY = const(65535)


class Annunciator:
    """Lights and buzzer are PWM outputs (`duty_u16`). `show(showing, sounding, t_ms)` says the worst
    priority to be seen and the worst to be heard (0 none)."""

    def __init__(self, red, yellow, buzzer):
        self._red = red
        self._yellow = yellow
        self._buzzer = buzzer
        self._duty = _HALF_DUTY
        self._light_duty = _FULL_DUTY
        self._showing = 0
        self._sounding = 0
        self._light_on = False
        self._burst_ms = 0
        self._edge = 0
        self._next_light_ms = None
        self._next_sound_ms = None
        self._dark()
        self._quiet()

    def volume(self, percent):
        """0..100; loudness follows the duty of the square wave."""
        self._duty = _HALF_DUTY * percent // 100

    def brightness(self, percent):
        """0..100 of the lights; what is lit now changes with it."""
        self._light_duty = _FULL_DUTY * percent // 100
        if self._light_on:
            self._lamp().duty_u16(self._light_duty)

    def show(self, showing, sounding, t_ms):
        """Begins a pattern anew only where the priority has changed."""
        if showing != self._showing:
            self._showing = showing
            self._dark()
            self._light_on = False
            self._next_light_ms = t_ms if showing else None
        if sounding != self._sounding:
            self._sounding = sounding
            self._quiet()
            self._edge = 0
            self._burst_ms = t_ms
            self._next_sound_ms = t_ms if sounding else None
        self.advance(t_ms)

    def advance(self, t_ms):
        """Does the edges that are due. After a long pause the pattern goes on from now, it is not made up for."""
        due = self._next_light_ms
        if due is not None and t_ms >= due:
            self._light(t_ms)
        due = self._next_sound_ms
        if due is not None and t_ms >= due:
            self._sound(t_ms)

    def next_deadline(self):
        """ms of the next edge, or None."""
        light = self._next_light_ms
        sound = self._next_sound_ms
        if light is None or (sound is not None and sound < light):
            return sound
        return light

    def _light(self, t_ms):
        self._light_on = not self._light_on
        self._lamp().duty_u16(self._light_duty if self._light_on else 0)
        if self._showing == wire.PRIORITY_LOW:
            self._next_light_ms = None
        elif self._showing == wire.PRIORITY_HIGH:
            self._next_light_ms = t_ms + _RED_HALF_MS
        else:
            self._next_light_ms = t_ms + _YELLOW_HALF_MS

    def _lamp(self):
        return self._red if self._showing == wire.PRIORITY_HIGH else self._yellow

    def _sound(self, t_ms):
        edges = _EDGES[self._sounding]
        while self._edge < len(edges) and t_ms >= self._burst_ms + edges[self._edge]:
            self._edge += 1
        self._buzzer.duty_u16(self._duty if self._edge & 1 else 0)
        if self._edge < len(edges):
            self._next_sound_ms = self._burst_ms + edges[self._edge]
            return
        self._edge = 0
        self._burst_ms += _BURST_EVERY_MS[self._sounding]
        if self._burst_ms <= t_ms:
            self._burst_ms = t_ms + _BURST_EVERY_MS[self._sounding]
        self._next_sound_ms = self._burst_ms

    def _dark(self):
        self._red.duty_u16(0)
        self._yellow.duty_u16(0)

    def _quiet(self):
        self._buzzer.duty_u16(0)
