# SPDX-License-Identifier: Apache-2.0
"""Messages as words: no named number of the protocol is shown as a bare number."""

from __future__ import annotations

import json

from vitalwire.link.commands import Command
from vitalwire.link.words import _BY_FIELD, _FLAGS, as_words, type_name
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
