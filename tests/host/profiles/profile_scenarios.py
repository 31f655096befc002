# SPDX-License-Identifier: Apache-2.0
"""Every rule of a profile at the bedside: it raises, holds, clears, and can be overridden.

`failures` yields what is not as expected. It is a function of a profile, so that the mutation script can ask it about
thousands of changed ones.
"""

from __future__ import annotations

from collections.abc import Iterator

from profile_bench import ANSWERS, WHY, AlarmBench, CourseBench, in_phase
from profile_expected import BASE, EDGES, FROM_DOSE_MIN, LEAVING_MIN, PLANS, QUESTIONS_BEFORE, RELATIVE, Edge, Plan

from vitalwire.alarms.engine import State
from vitalwire.session.audio import Audio
from vitalwire.session.profile import Profile

CUFF = ("sbp_mmhg", "dbp_mmhg")
GUARDED = ("baseline", "dosing", "monitoring")


def failures(name: str, profile: Profile) -> Iterator[str]:
    """What of the shipped profile `name` does not behave as it is to."""
    for scenario in (limits, overrides, index, relative, conduct, baseline, holds, checks_before, checks_leaving,
                     from_dose):  # fmt: skip
        yield from (f"{scenario.__name__}: {what}" for what in scenario(name, profile))
    for phase, plan in PLANS[name].items():
        yield from (f"{phase}: {what}" for what in phase_runs(profile, phase, plan))


def expect(what: str, found: object, wanted: object) -> Iterator[str]:
    if found != wanted:
        yield f"{what}: {found!r}, not {wanted!r}"


# ---------------------------------------------------------------- limits


def limits(_name: str, profile: Profile) -> Iterator[str]:
    for rule, edge in EDGES.items():
        bed = AlarmBench(profile)
        bed.hold(edge.field, edge.good, 0, 30)
        yield from expect(f"{rule} at its threshold", bed.watch.limits.state(rule), State.CLEAR)
        bed = AlarmBench(profile)
        bed.hold(edge.field, edge.bad, 0, edge.delay_s + 3)
        raised = [(edge.delay_s, rule, "raised", edge.priority)]
        yield from expect(f"{rule} beyond it", bed.said, raised)
        end_s = edge.delay_s + 4
        bed.value(edge.field, edge.near, end_s)
        yield from expect(f"{rule} nearly back", bed.said, raised)
        bed.value(edge.field, edge.back, end_s + 1)
        over = "latched" if edge.latches else "cleared"
        yield from expect(f"{rule} back", bed.said[1:], [(end_s + 1, rule, over, edge.priority)])
        bed.take(bed.watch.acknowledge(round((end_s + 2) * 1000))[0])
        yield from expect(f"{rule} acknowledged", bed.watch.limits.state(rule), State.CLEAR)


def overrides(_name: str, profile: Profile) -> Iterator[str]:
    for rule, edge in EDGES.items():
        bed = AlarmBench(profile)
        if edge.worse is None or edge.not_worse is None:
            far = 21.0 if edge.bad < edge.good else 260.0
            bed.value(edge.field, far, 0)
            yield from expect(
                f"{rule} far beyond", bed.said[:1], [(0, rule, "raised", edge.priority)][: not edge.delay_s]
            )
            continue
        bed.value(edge.field, edge.not_worse, 0)
        first = [] if edge.delay_s else [(0, rule, "raised", edge.priority)]
        yield from expect(f"{rule} not worse", bed.said, first)
        bed.value(edge.field, edge.worse, 1)
        word = "raised" if edge.delay_s else "worse"
        yield from expect(f"{rule} worse", bed.said[len(first) :], [(1, rule, word, edge.worse_priority)])


def index(_name: str, profile: Profile) -> Iterator[str]:
    """Depth times duration: 85 % for 3 s is 15, three times that 45; the last 5 take 1 s more. The delay is longer."""
    bed = AlarmBench(profile)
    for begin_s in (0, 4, 8):
        bed.hold("spo2_pct", 85.0, begin_s, begin_s + 2)
        bed.value("spo2_pct", 90.5, begin_s + 3)
    bed.value("spo2_pct", 85.0, 12)
    bed.pass_to(12.999)
    yield from expect("just before 50", bed.said, [])
    bed.pass_to(13)
    yield from expect("at 50", bed.said, [(13, "spo2_low", "raised", "high")])


def relative(_name: str, profile: Profile) -> Iterator[str]:
    for rule, edge in RELATIVE.items():
        for phase in ("check_in", "baseline", "dosing", "monitoring", "recovery", "discharge"):
            bed = AlarmBench(profile)
            bed.take(bed.watch.set_baseline(BASE, 0))
            bed.take(bed.watch.set_phase(phase, 0))
            bed.value(edge.field, edge.good, 0)
            yield from expect(f"{rule} not reached in {phase}", bed.said, [])
            bed.value(edge.field, edge.bad, 1)
            wanted = [(1, rule, "raised", edge.priority)] if phase in edge.phases else []
            yield from expect(f"{rule} in {phase}", bed.said, wanted)
            if wanted:
                yield from _cleared(bed, rule, edge)


def _cleared(bed: AlarmBench, rule: str, edge: Edge) -> Iterator[str]:
    bed.value(edge.field, edge.near, 2)
    yield from expect(f"{rule} nearly back", len(bed.said), 1)
    bed.value(edge.field, edge.back, 3)
    yield from expect(f"{rule} back", bed.said[1:], [(3, rule, "cleared", edge.priority)])


def conduct(_name: str, profile: Profile) -> Iterator[str]:
    """Nobody answers for a minute: one priority higher. Sound paused for two minutes; silence comes back to mind."""
    bed = AlarmBench(profile)
    bed.value("sbp_mmhg", 185.0, 0)
    bed.pass_to(59.999)
    yield from expect("not escalated yet", bed.said, [(0, "sbp_high", "raised", "medium")])
    bed.pass_to(60)
    yield from expect("escalated", bed.said[1:], [(60, "sbp_high", "escalated", "high")])
    if profile.conduct is None:
        yield "there is no conduct"
        return
    audio = Audio(CourseBench(profile).journal, profile.conduct.audio_pause_s, profile.conduct.remind_s)
    audio.toggle_pause(0, "AM")
    yield from expect("the pause ends", audio.next_deadline(), 120_000)
    audio = Audio(CourseBench(profile).journal, profile.conduct.audio_pause_s, profile.conduct.remind_s)
    audio.alarm_off("pulse_low", 0, "athlete", "AM")
    yield from expect("the reminder comes", audio.next_deadline(), 150_000)


# ---------------------------------------------------------------- baseline


def _baseline_of(profile: Profile, second_s: float, second: tuple[float, float], **steady: float) -> tuple[str, str]:
    """Two readings, the oximeter steady before the second one; the state, and what is missing."""
    bed = in_phase(profile, "baseline")
    span = steady.get("span_s", 60)
    bed.cuff(120, 80, 0)
    pulse, spo2 = steady.get("pulse", 70), steady.get("spo2", 97)
    bed.steady(second_s - span, second_s - 1)
    bed.oximeter(spo2, pulse, second_s)
    bed.cuff(*second, second_s)
    shown = bed.course.shown(round(second_s * 1000)).baseline
    return shown.state, shown.text


def baseline(_name: str, profile: Profile) -> Iterator[str]:
    good, bad = "taken", "collecting"
    for what, at_s, second, steady, state in (
        ("two readings a minute apart that agree", 60, (120, 80), {}, good),
        ("less than a minute apart", 59, (120, 80), {"span_s": 60}, bad),
        ("10 mmHg apart, systolic", 60, (130, 80), {}, good),
        ("more than 10 mmHg apart, systolic", 60, (130.1, 80), {}, bad),
        ("10 mmHg apart, diastolic", 60, (120, 90), {}, good),
        ("more than 10 mmHg apart, diastolic", 60, (120, 90.1), {}, bad),
        ("SpO2 within 3 points", 61, (120, 80), {"spo2": 94.0}, good),
        ("SpO2 not within 3 points", 61, (120, 80), {"spo2": 93.9}, bad),
        ("pulse within 15", 61, (120, 80), {"pulse": 85.0}, good),
        ("pulse not within 15", 61, (120, 80), {"pulse": 85.1}, bad),
        ("steady for less than a minute", 61, (120, 80), {"span_s": 59}, bad),
    ):
        found = _baseline_of(profile, at_s, second, **steady)
        yield from expect(what, found[0], state)
    one = in_phase(profile, "baseline")
    one.steady(0, 90)
    one.cuff(120, 80, 90)
    yield from expect("one reading", one.course.shown(90_000).baseline.state, bad)
    yield from expect("taken without a reason", one.act("baseline", take=True), "refused")
    yield from expect("taken with a reason", one.act("baseline", take=True, why=WHY), "taken")


# ---------------------------------------------------------------- holds


def _holds(bed: CourseBench) -> list[tuple[float, str, str]]:
    return bed.said("hold")


def holds(_name: str, profile: Profile) -> Iterator[str]:
    """Above 180/110 twice 5 min apart, above 200/120 once; pulse above 120 for 5 min. Not any more in recovery."""
    for phase in ("baseline", "dosing", "monitoring", "recovery"):
        counts = phase in GUARDED
        for sbp, dbp, past in ((180, 110, False), (180.1, 80, True), (120, 110.1, True)):
            bed = in_phase(profile, phase)
            bed.cuff(sbp, dbp, 10)
            wanted = [(10, "pressure", "confirming")] if past and counts else []
            yield from expect(f"{sbp}/{dbp} in {phase}", _holds(bed), wanted)
            if wanted:
                yield from _confirmed(bed)
        for sbp, dbp, past in ((200, 120, False), (200.1, 80, True), (120, 120.1, True)):
            bed = in_phase(profile, phase)
            bed.cuff(sbp, dbp, 10)
            severe = [item for item in _holds(bed) if item[1] == "pressure_severe"]
            yield from expect(
                f"{sbp}/{dbp} in {phase}", severe, [(10, "pressure_severe", "advised")] * (past and counts)
            )
            if severe:
                yield from expect("what is advised", _advice(bed, "pressure_severe"), "stop")
                yield from expect("decided", bed.act("decide", id="pressure_severe", decision="stop"), "decided")
        yield from _pulse_hold(profile, phase, counts)


def _advice(bed: CourseBench, name: str) -> str:
    return next((hold.advice for hold in bed.course.shown(0).holds if hold.id == name), "")


def _confirmed(bed: CourseBench) -> Iterator[str]:
    asked = len(bed.cuffs)
    bed.cuff(190, 112, 309.999)
    yield from expect("a reading before 5 min confirms nothing", len(_holds(bed)), 1)
    bed.pass_to(310)
    yield from expect("the confirming reading is asked for", 310.0 in bed.cuffs[asked:], True)
    bed.cuff(181, 80, 310)
    yield from expect("confirmed", _holds(bed)[1:], [(310, "pressure", "advised")])
    yield from expect("what is advised", _advice(bed, "pressure"), "hold")
    yield from expect("going on without a reason", bed.act("decide", id="pressure", decision="continue"), "refused")
    yield from expect("with one", bed.act("decide", id="pressure", decision="continue", why=WHY), "decided")


def _pulse_hold(profile: Profile, phase: str, counts: bool) -> Iterator[str]:
    bed = in_phase(profile, phase)
    bed.steady(0, 320, pulse_bpm=120.0, step_s=20)
    yield from expect(f"pulse 120 in {phase}", _holds(bed), [])
    bed = in_phase(profile, phase)
    bed.steady(0, 290, pulse_bpm=120.1, step_s=10)
    bed.pass_to(299.999)
    yield from expect(f"pulse above 120 for less than 5 min in {phase}", _holds(bed), [])
    bed.steady(300, 310, pulse_bpm=120.1, step_s=10)
    yield from expect(f"for 5 min in {phase}", _holds(bed), [(300, "pulse", "advised")] * counts)
    if counts:
        yield from expect("what is advised", _advice(bed, "pulse"), "hold")


# ---------------------------------------------------------------- checks


def _state(bed: CourseBench, check: str) -> str:
    shown = bed.course.shown(round(bed.t_s * 1000)).checks
    return next((one.state for one in shown if one.id == check), "there is none")


def checks_before(name: str, profile: Profile) -> Iterator[str]:
    """A pressure above 140/90 is a prompt to the prescriber; it is to be of the last quarter of an hour."""
    for check, good, bad in (("systolic", (140, 80), (140.1, 80)), ("diastolic", (120, 90), (120, 90.1))):
        bed = in_phase(profile, "baseline")
        bed.cuff(*good, 0)
        bed.t_s = 900
        yield from expect(f"{check} 15 min ago", _state(bed, check), "passed")
        bed.t_s = 900.001
        yield from expect(f"{check} longer ago", _state(bed, check), "failed")
        bed = in_phase(profile, "baseline")
        bed.cuff(*bad, 0)
        yield from expect(f"{check} {bad}", _state(bed, check), "failed")
        yield from expect("overridden without a reason", bed.act("override", id=check), "refused")
        yield from expect("with one", bed.act("override", id=check, why=WHY), "overridden")
    bed = in_phase(profile, "baseline")
    yield from expect("no baseline", _state(bed, "baseline"), "failed")
    for question in sorted({"screening", "consent", "escort"} | QUESTIONS_BEFORE.get(name, set())):
        yield from expect(f"{question} is asked", _state(bed, question), "open")
        yield from expect(f"{question}: no", bed.act("check", id=question, answer="no"), "failed")
        yield from expect(f"{question}: yes", bed.act("check", id=question, answer="yes"), "passed")
    yield from expect("a dose against the checks", bed.act("dose", text="x"), "refused")
    yield from expect("with a reason", bed.act("dose", text="x", why=WHY), "given")


def checks_leaving(name: str, profile: Profile) -> Iterator[str]:
    """Pressure within 20 % of the baseline, SpO2 above 92 % on room air, the time, and a person's answers."""
    for sbp, dbp, state in ((144, 80, "passed"), (144.1, 80, "failed"), (96, 80, "passed"), (95.9, 80, "failed"),
                            (120, 96, "passed"), (120, 96.1, "failed"), (120, 63.9, "failed")):  # fmt: skip
        bed = in_phase(profile, "discharge")
        bed.course.baseline.values = dict(BASE)
        bed.cuff(sbp, dbp, 0)
        yield from expect(f"{sbp}/{dbp} of 120/80", _state(bed, "pressure"), state)
        if state == "passed":
            bed.t_s = 900
            yield from expect("15 min ago", _state(bed, "pressure"), "passed")
            bed.t_s = 900.001
            yield from expect("longer ago", _state(bed, "pressure"), "failed")
    for spo2, oxygen, state in ((92.1, "room_air", "passed"), (92.0, "room_air", "failed"), (99.0, "oxygen", "failed")):
        bed = in_phase(profile, "discharge")
        bed.act("answer", id="oxygen", value=oxygen)
        bed.oximeter(spo2, 70, 0)
        yield from expect(f"SpO2 {spo2} on {oxygen}", _state(bed, "spo2"), state)
        bed.t_s = 300
        yield from expect("5 min ago", _state(bed, "spo2"), state)
        bed.t_s = 300.001
        yield from expect("longer ago", _state(bed, "spo2"), "failed")
    yield from _stays(name, profile)
    bed = in_phase(profile, "discharge")
    for question in ("sedation", "dissociation", "breathing", "escort_here"):
        yield from expect(f"{question} is asked", _state(bed, question), "open")
    yield from expect("leaving against the checks", bed.act("phase", to="end"), "refused")
    yield from expect("with a reason", bed.act("phase", to="end", why=WHY), "done")


def _stays(name: str, profile: Profile) -> Iterator[str]:
    since, minutes = LEAVING_MIN.get(name, ("dose", 120.0))
    bed = in_phase(profile, "dosing")
    bed.t_s = 600
    bed.go("monitoring")  # dosing ends ten minutes after the dose
    begin_s = 600 if since == "dosing_end" else 0
    bed.t_s = begin_s + minutes * 60 - 0.001
    yield from expect(f"just before {minutes:g} min since {since}", _state(bed, "time"), "failed")
    bed.t_s = begin_s + minutes * 60
    yield from expect(f"{minutes:g} min since {since}", _state(bed, "time"), "passed")


# ---------------------------------------------------------------- phases


def phase_runs(profile: Profile, phase: str, plan: Plan) -> Iterator[str]:
    bed = in_phase(profile, phase)
    bed.pass_to(plan.watched * 60)
    found = sorted((round(t / 60, 6), item, state) for t, item, state in bed.said("observation"))
    wanted = sorted((t, item, state) for t, item, state in plan.observed if t <= plan.watched)
    yield from expect("what falls due and is missed", found, wanted)
    yield from expect("the cuff reads", _minutes(bed.cuffs), plan.cuff)
    yield from _bounds(profile, phase, plan.least, plan.most)


def _minutes(cuffs: list[float]) -> tuple[float, ...]:
    return tuple(dict.fromkeys(t / 60 for t in cuffs))


def from_dose(name: str, profile: Profile) -> Iterator[str]:
    """The phase begins ten minutes after the dose: what counts from the dose does not move."""
    bed = in_phase(profile, "dosing")
    bed.pass_to(600)
    bed.go("monitoring")
    bed.events.clear()
    bed.details.clear()
    bed.pass_to(100 * 60)
    found = zip(bed.events, bed.details, strict=True)
    due = tuple(t / 60 for (t, _, item, state), said in found if state == "due" and "of the dose" in said)
    yield from expect("readings after the dose", due, tuple(map(float, FROM_DOSE_MIN[name])))


def _bounds(profile: Profile, phase: str, least: float | None, most: float | None) -> Iterator[str]:
    if least is not None:
        bed = in_phase(profile, phase)
        for item, value in ANSWERS.items():
            bed.act("answer", id=item, value=value)
        following = bed.course.phases.next or "end"
        bed.t_s = least * 60 - 0.001
        yield from expect(f"left before {least:g} min", bed.act("phase", to=following), "refused")
        bed.t_s = least * 60
        bed.act("phase", to=following)
        yield from expect(f"left at {least:g} min", bed.course.phases.name, following)
    else:
        bed = in_phase(profile, phase)
        yield from expect("a least time", bed.course.phases.least_ms(), None)
    bed = in_phase(profile, phase)
    bed.pass_to(200 * 60)
    wanted = [] if most is None else [(most * 60, phase, "overdue")]
    yield from expect("longer than planned", bed.said("phase", "overdue"), wanted)
