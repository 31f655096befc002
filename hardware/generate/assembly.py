# SPDX-License-Identifier: Apache-2.0
"""The assembly guide: a picture a step, what is fitted in colour, and the text."""

from __future__ import annotations

from generate.steps import AREAS, LINKS, STEPS, Step
from generate.svg import FILL, INK, LIVE, NEW, PALE, Drawing
from generate.tables import BOARDS, Pin, netlist, rows


def parts() -> dict[str, dict[str, str]]:
    """{reference: its row of bom.csv}."""
    return {ref: row for row in rows("bom.csv") for ref in row["references"].split()}


def centre(area: str) -> tuple[int, int]:
    x, y, w, h = AREAS[area].box
    return x + w // 2, y + h // 2


def picture(number: int, step: Step) -> Drawing:
    """Areas done before in ink, this one in colour, later ones pale."""
    order = [s.area for s in STEPS]
    done, now = order[: number - 1], step.area
    d = Drawing(980, 560, f"Step {number}: {step.title}")
    d.text(20, 36, f"Step {number} of {len(STEPS)}: {step.title}", 20, bold=True)
    d.text(20, 62, "blue: fit now - dark: fitted before - pale: still empty", 12)
    for first, second in LINKS:
        (x1, y1), (x2, y2) = centre(first), centre(second)
        ready = {first, second} <= {*done, now}
        d.line([(x1, y1), (x2, y1), (x2, y2)], LIVE if ready and now in (first, second) else INK if ready else PALE, 3)
    for name, area in AREAS.items():
        x, y, w, h = area.box
        colour = LIVE if name == now else INK if name in done else PALE
        d.box(x, y, w, h, NEW if name == now else FILL, colour)
        d.text(x + 10, y + 22, area.title, 14, colour, bold=True)
        refs = next(s.refs for s in STEPS if s.area == name)
        d.paragraph(x + 10, y + 44, refs, 29, 11, colour)
    return d


def air() -> Drawing:
    """How the air goes."""
    d = Drawing(980, 380, "How the air goes")
    d.text(20, 36, "The air: everything on one manifold, everything open without current", 20, bold=True)
    d.box(300, 170, 380, 60, NEW, LIVE)
    d.text(490, 206, "manifold, at most 20 mL", 14, LIVE, bold=True, at="middle")
    for x, y, title, words, joint in (
        (40, 80, "M1 pump", "with its own check valve", (300, 185)),
        (40, 260, "Adult cuff", "1.5 m hose, connector", (300, 215)),
        (310, 270, "V1 bleed", "open without current", (385, 230)),
        (500, 270, "V2 dump", "open without current", (575, 230)),
        (740, 80, "U3 cuff sensor", "MPR: measures", (680, 185)),
        (740, 260, "U4 guard sensor", "MPXV5050GP: guards", (680, 215)),
    ):
        d.box(x, y, 200 if x in (40, 740) else 150, 66)
        d.text(x + 12, y + 26, title, 14, bold=True)
        d.text(x + 12, y + 48, words, 12)
        start = (240, y + 33) if x == 40 else (740, y + 33) if x == 740 else (joint[0], y)
        d.line([start, (joint[0], start[1]), joint] if x in (40, 740) else [start, joint], LIVE, 4)
    return d


PACKAGES = ("U4", "U5", "U6", "U7", "U8", "U9")


def wires() -> dict[str, list[tuple[Pin, str]]]:
    """{reference: its pins with their nets, by number}."""
    found: dict[str, list[tuple[Pin, str]]] = {}
    for net, pins in netlist().items():
        for pin in pins:
            found.setdefault(pin.ref, []).append((pin, net))
    return {ref: sorted(pins, key=lambda item: int(item[0].number)) for ref, pins in found.items()}


def package(ref: str, words: str, pins: list[tuple[Pin, str]], count: int) -> Drawing:
    """A part with two rows of pins from above, each with its net."""
    half = count // 2
    d = Drawing(640, 110 + 30 * half, f"{ref} from above")
    d.text(20, 32, f"{ref} {words}, from above", 18, bold=True)
    d.box(230, 60, 180, 30 * half + 16)
    d.items.append(f'<path d="M 308 60 a 12 12 0 0 0 24 0" fill="white" stroke="{INK}"/>')
    at = {int(pin.number): (pin.name, net) for pin, net in pins}
    for number in range(1, count + 1):
        left = number <= half
        y = 88 + 30 * (number - 1 if left else count - number)
        name, net = at.get(number, ("", "stays open"))
        edge, away = (230, 170) if left else (410, 470)
        colour = LIVE if number in at else PALE
        d.line([(edge, y), (away, y)], colour, 3)
        d.text(edge + (10 if left else -10), y + 5, f"{number} {name}".strip(), 12, at="start" if left else "end")
        d.text(away + (-8 if left else 8), y + 5, net, 13, colour, at="end" if left else "start")
    return d


PIN_COUNT = {"U4": 8, "U7": 16}


def packages() -> dict[str, Drawing]:
    known, wired = parts(), wires()
    return {
        f"hardware/docs/pictures/{ref.lower()}.svg": package(
            ref, known[ref]["part_number"], wired[ref], PIN_COUNT.get(ref, 14)
        )
        for ref in PACKAGES
    }


def connections(ref: str, wired: dict[str, list[tuple[Pin, str]]]) -> str:
    """'1 G: pump_pwm, 2 S: GND'; U1's are the wiring diagram."""
    if ref == "U1":
        return ", ".join(f"[{words}](pictures/wiring-{board}.svg)" for board, words in BOARDS.items())
    return ", ".join(f"{pin.number} {pin.name}: {net}" for pin, net in wired.get(ref, []))


def document() -> str:
    known, wired = parts(), wires()
    lines = [
        "<!-- SPDX-License-Identifier: CERN-OHL-P-2.0 -->",
        "<!-- Written by `make hardware` from generate/steps.py and bom.csv. -->",
        "# Assembly",
        "",
        "> **Not a certified medical device.** See [safety.md](safety.md) before you put it beside a person.",
        "",
        "On a perforated or printed board of 160 x 100 mm. You need a soldering iron, a multimeter that shows 1 mV, an",
        "oscilloscope or a counter for one check, a laboratory supply with a current limit (set 0.3 A until step 9),",
        "and the parts of `bom.csv`. SOT-23 parts go on adapters. The tables say which pin goes to which net. Each",
        "step ends with a check; do not go on before it holds.",
        "",
    ]
    for number, step in enumerate(STEPS, 1):
        lines += [f"## {number}. {step.title}", "", f"![Step {number}](pictures/step-{number:02}.svg)", ""]
        lines += ["| part | what | pin: net |", "|---|---|---|"]
        for ref in step.refs.split():
            row = known[ref]
            what = " ".join(filter(None, (row["value"], row["part_number"])))
            lines.append(f"| {ref} | {what} | {connections(ref, wired)} |")
        shown = [ref for ref in PACKAGES if ref in step.refs.split()]
        lines += ["", *(f"![{ref} from above](pictures/{ref.lower()}.svg)" for ref in shown)]
        lines += ["", *(f"- {todo}" for todo in step.todo), "", f"**Check:** {step.check}", ""]
        if step.area == "air":
            lines += ["![How the air goes](pictures/air.svg)", ""]
    return "\n".join(lines)


def outputs() -> dict[str, str]:
    found = {f"hardware/docs/pictures/step-{i:02}.svg": picture(i, step).svg() for i, step in enumerate(STEPS, 1)}
    found |= {path: drawing.svg() for path, drawing in packages().items()}
    found["hardware/docs/pictures/air.svg"] = air().svg()
    found["hardware/docs/assembly.md"] = document()
    return found
