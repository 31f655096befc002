# SPDX-License-Identifier: Apache-2.0
"""What was asked and what was answered: so that a repeat of a request is answered again and not done again."""

from micropython import const

from vitals.link import wire

SLOTS = const(8)

NEW = const(0)
REPEAT = const(1)
STALE = const(2)


class Answer:
    """The latest answer to one request. `number` is None while the slot is free."""

    def __init__(self):
        self.forget()

    def forget(self):
        self.number = None
        self.command = 0
        self.outcome = wire.OUTCOME_REFUSED
        self.refusal = wire.REFUSAL_NONE
        self.value = None
        self.detail = ""


class Requests:
    """The last answers to one client; another client empties it."""

    def __init__(self):
        self.client = None
        self._slots = [Answer() for _ in range(SLOTS)]
        self._question = Answer()
        self._next = 0
        self._newest = None

    def classify(self, client, number, command):
        """NEW; REPEAT, with the answer in `answer`; or STALE: an old repeat whose answer is no longer kept.

        A new request gets a slot, in `answer`, which the caller fills.
        """
        if client != self.client:
            self.client = client
            self._newest = None
            for slot in self._slots:
                slot.forget()
        if command == wire.PING or command == wire.IDENTIFY:
            # Asked every second and harmless to answer twice. They take no slot from a request whose answer may have
            # to be sent again, and do not make an old request of one that was lost on the way here.
            self.answer = self._question
            self.answer.forget()
            self.answer.number = number
            self.answer.command = command
            return NEW
        for slot in self._slots:
            if slot.number == number and slot.command == command:
                self.answer = slot
                return REPEAT
        if self._newest is not None and not 0 < (number - self._newest) & 0xFFFF < 0x8000:
            return STALE
        self._newest = number
        slot = self._slots[self._next]
        self._next = (self._next + 1) % SLOTS
        slot.forget()
        slot.number = number
        slot.command = command
        self.answer = slot
        return NEW

    def find(self, client, number):
        """The answer that is kept for a request, or None."""
        if client == self.client:
            for slot in self._slots:
                if slot.number == number:
                    return slot
        return None
