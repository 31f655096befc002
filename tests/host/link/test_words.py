# SPDX-License-Identifier: Apache-2.0
"""Messages as words: no named number of the protocol is shown as a bare number."""

from __future__ import annotations

import json

from vitalwire.link.commands import Command
from vitalwire.link.events import Received
from vitalwire.link.readings import reading_of
from vitalwire.link.words import _BY_FIELD, _FLAGS, as_words, reason_text, type_name
from vitalwire_protocol import codec, fields, messages


def test_every_named_number_of_the_protocol_has_its_words() -> None:
    for message in messages.MESSAGES:
        for part in message.struct.subcons:
            spec = getattr(part.subcon, "spec", None)
            if isinstance(spec, fields.FlagSpec):
                assert part.name in _FLAGS, f"{message.name}.{part.name}"
            elif isinstance(spec, fields.EnumSpec):
                assert part.name in _BY_FIELD, f"{message.name}.{part.name}"


def test_every_message_to_the_board_is_a_command() -> None:
    down = {kind for number, kind in codec.MESSAGE_TYPES.items() if number >= 0x80}
    assert set(Command.__args__) == down


def test_a_message_reads_as_in_the_protocol() -> None:
    result = codec.NibpResult(
        5, 6000, None, None, None, None, None, None, None, codec.NibpOutcome.LEAK, codec.Trigger.BUTTON, 1, 0, 1,
        codec.ReadingFlags.LATE | 1 << 7, 3, 1000, 140.5, 0, 0,
    )  # fmt: skip
    words = as_words(result)
    assert words["type"] == "nibp_result"
    assert (words["outcome"], words["trigger"], words["flags"]) == ("leak", "button", ["late", "unknown_7"])
    assert words["sbp_mmhg"] is None
    assert json.loads(json.dumps(words)) == words


def test_an_answer_names_the_command() -> None:
    answer = codec.Answer(0, 0, 1, 2, codec.CuffStart.TYPE, codec.Outcome.REFUSED, codec.Refusal.RESTING, None, "")
    words = as_words(answer)
    assert (words["command"], words["outcome"], words["refusal"]) == ("cuff_start", "refused", "resting")
    assert as_words(answer._replace(command=250))["command"] == "unknown_250"


def test_the_names_of_all_types_are_those_of_the_protocol() -> None:
    for message in messages.MESSAGES:
        kind = codec.MESSAGE_TYPES[message.type]
        assert type_name(kind._make([0] * len(kind._fields))) == message.name


def test_every_reason_and_outcome_reads_as_words() -> None:
    every = [codec.name_of(kind, n) for kind in (codec.Reason, codec.NibpOutcome) for n in kind]
    assert len({reason_text(word) for word in every}) >= len(set(every)) - 1, "motion and movement are one to a person"
    assert all("_" not in reason_text(word) for word in every)
    assert reason_text("unknown_99") == "unknown 99"


def test_a_value_that_is_absent_without_a_reason_has_one_all_the_same() -> None:
    bare = codec.OximetryReading(0, 0, None, 70.0, None, None, None, 0, codec.Reason.IRREGULAR, 0, 8, 0, None, None)
    reading = reading_of(Received(bare, 0, 0), 1, False)
    assert reading is not None
    assert reading.reasons == (("spo2_pct", "not_said"), ("pulse_bpm", "irregular"), ("perfusion_pct", "not_said"))
    assert not reading.ok
    assert reason_text("not_said") == "no reason given"


def test_what_an_older_board_does_not_tell_is_absent() -> None:
    part = codec.Oscillogram(0, 0, 1, 1, 0, 1, None, None, None, None, None, ())
    assert as_words(part)["direction"] is None
    assert as_words(part._replace(direction=codec.CuffDirection.INFLATION))["direction"] == "inflation"
