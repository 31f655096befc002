# SPDX-License-Identifier: Apache-2.0
"""Signing: what is signed is the content; any change to it shows, and only that."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from vitalwire.profiles import SHIPPED, with_approval
from vitalwire.session.profile import Profile
from vitalwire.session.profile_read import parse_profile
from vitalwire.session.profile_sign import Signed, approval_text, canonical, content_hash, sign, state, state_text

GENERAL = (SHIPPED / "general.toml").read_text(encoding="utf-8")
WHEN = datetime(2026, 3, 1, 9, 30, 12, tzinfo=UTC)


def signed_text(text: str = GENERAL, by: str = "Dr. A. Example") -> str:
    return with_approval(text, "f", approval_text(sign(parse_profile(text, "f"), by, WHEN)))


def read(text: str) -> Profile:
    return parse_profile(text, "f")


def test_nobody_has_signed_what_is_shipped() -> None:
    assert state(read(GENERAL)) is Signed.UNSIGNED
    assert state_text(read(GENERAL)) == "not signed by a clinician"


def test_a_signature_says_who_and_when_in_utc() -> None:
    profile = read(signed_text())
    assert state(profile) is Signed.SIGNED
    assert state_text(profile) == "signed by Dr. A. Example on 2026-03-01 09:30 UTC"
    there = WHEN.astimezone(timezone(timedelta(hours=5)))
    assert sign(profile, "Dr. A. Example", there) == profile.approval


def test_a_signature_does_not_change_what_was_signed() -> None:
    assert content_hash(read(signed_text())) == content_hash(read(GENERAL))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("limit = 90 ", "limit = 91 "),
        ("delay_s = 10.4", "delay_s = 8.1"),
        ("cuff_every_min = 10", "cuff_every_min = 9"),
        ("confirm_after_min = 5", "confirm_after_min = 6"),
        ("within_percent = 20", "within_percent = 21"),
        ('latching = ["spo2_low"]', "latching = []"),
        ('priority = "high"', 'priority = "medium"'),
        ('advice = "Wait"', 'advice = "Go"'),
        ("on_room_air = true", "on_room_air = false"),
        ("above = 92", "at_least = 92"),
        ("there is no clinical source", "trust it"),
        ('version = "1"', 'version = "2"'),
    ],
)
def test_any_change_of_the_content_makes_it_unsigned_and_says_so(before: str, after: str) -> None:
    text = signed_text()
    assert before in text
    changed = read(text.replace(before, after, 1))
    assert state(changed) is Signed.CHANGED
    assert state_text(changed).startswith("CHANGED since it was signed by Dr. A. Example")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Dr. A. Example", "Dr. B. Example"),
        ("2026-03-01T09:30:12Z", "2026-03-02T09:30:12Z"),
    ],
)
def test_who_and_when_are_sealed_too(before: str, after: str) -> None:
    altered = read(signed_text().replace(before, after))
    assert state(altered) is Signed.CHANGED
    assert "was altered" in state_text(altered)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("limit = 90 ", "limit = 90.0 # the usual one; "),
        ("\n", "\r\n"),
        ("[alarms]\n", "\n\n[alarms] # how\n"),
        ("hysteresis = 1\ndelay_s = 10.4", "delay_s = 10.4\nhysteresis = 1"),
    ],
)
def test_comments_layout_and_the_way_a_number_is_written_do_not_matter(before: str, after: str) -> None:
    text = signed_text()
    assert before in text
    assert state(read(text.replace(before, after))) is Signed.SIGNED


def test_signing_again_takes_the_place_of_the_first_and_keeps_the_rest_of_the_text() -> None:
    again = signed_text(signed_text(), by='Dr. "B" Ünal')
    assert again.count("[approval]") == 1
    assert again.startswith(GENERAL.rstrip("\n"))
    profile = read(again)
    assert profile.approval is not None
    assert profile.approval.by == 'Dr. "B" Ünal'
    assert state(profile) is Signed.SIGNED


def test_what_stands_behind_a_signature_is_kept() -> None:
    text = signed_text() + "# reviewed in the team on Monday\n\n[extra]\n"
    assert with_approval(text, "f", "[approval]\n").endswith(
        "# reviewed in the team on Monday\n\n[extra]\n\n[approval]\n"
    )


def test_a_signature_of_another_shape_is_a_sentence() -> None:
    for bad in ("utc = 2026-03-01", 'utc = "today"', "utc = 0001-01-01T00:00:00+14:00"):
        text = re.sub(r"utc = .*", bad, signed_text())
        with pytest.raises(Exception, match=r"f, line \d+, column 7: approval: utc is not a date"):
            read(text)


def test_the_canonical_form_does_not_drift() -> None:
    """A later version of the program must find signatures of today good. If this fails, they would all be lost."""
    only = read("[limits]\nspo2_low = 92\n")
    assert content_hash(only) == content_hash(parse_profile("[limits]\nspo2_low = 92.0\n", "elsewhere.toml"))
    assert canonical(replace(only, limits=only.limits[:1])) == (
        '{"limits":[{"delay_s":10.4,"hysteresis":1,"priority":"high","rule":"spo2_low","threshold":92}],'
        '"route":"any","setting":"clinic","title":"Limits only"}'
    )
    assert content_hash(replace(only, limits=only.limits[:1])) == (
        "sha256:ee28b662f2ca3f712fa7fd0f24f2668401844b5599542f6393872062060bf5fb"
    )
