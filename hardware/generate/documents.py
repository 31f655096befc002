# SPDX-License-Identifier: Apache-2.0
"""Set-points and risks as documents."""

from __future__ import annotations

from circuit import setpoints
from generate.tables import rows

BOARDS_DRAWN = 20000

SETPOINTS = """<!-- SPDX-License-Identifier: CERN-OHL-P-2.0 -->
<!-- Written by `make hardware` from circuit/setpoints.py and circuit/values.py. -->
# Set-points of the external layer

`cd hardware && python -m circuit.setpoints` prints this table and ends with 1 if a limit is not kept. Worst case: every
part at the end of its tolerance that moves the quantity furthest. Boards: every part evenly drawn over its tolerance.

{table}
## What the table says

- **315 mmHg.** The sensor alone takes 9.4 of the 15 mmHg on either side. So the dividers around the comparator
  are 0.1 % parts; with 1 % parts the worst case is {loose_low:.1f} to {loose_high:.1f} mmHg, outside 300-330.
  The reference hangs on the sensor's own 5 V and the sensor is ratiometric, so the supply's 3 % cancel: a
  precise reference would make it worse.
- **The interlock comes first.** It reads the same sensor through another divider and acts at 300 mmHg; the
  sensor's error moves both alike.
- **15 mmHg** is known to {cuff_low:.0f}-{cuff_high:.0f} mmHg only. That is enough: an empty cuff never starts
  the timer, and a cuff that is pumped up passes that range within a second. A cuff that stays between 15 and
  {cuff_high:.0f} mmHg may be missed by this layer; the two layers in the firmware, which are calibrated, see
  it.
- **175 s** are 3.072 MHz / 2^14 / 2^15 = 174.76 s. The CD4541B's own RC oscillator is no better than some
  percent, but the timer must act after the interlock (173 s) and before 180 s less the emptying ({emptying:.1f}
  s from 300 mmHg, to be measured at assembly): hence the quartz oscillator.
- **A broken wire** reads as 0 V or 5 V; a healthy sensor never gives less than 0.088 V. Both ends of the window
  cut.
- **A dip** below 15 mmHg must last 1.3 s before the timer starts anew, as in the interlock (1 s), so that
  oscillations cannot stretch it.
- **The test input** pulls the 315 mmHg reference to 0 V: the layer acts at any pressure, does not latch, and
  lets go.
"""

RISKS_HEAD = """<!-- SPDX-License-Identifier: CERN-OHL-P-2.0 -->
<!-- Written by `make hardware` from risks.csv. -->
# Risks

> **Not a certified medical device, and not a risk management file as ISO 14971 asks for one.** No clinical team
> has weighed these risks, and no severity or probability has been measured. It says which hazard is met by
> what, where, and which test shows it. `tests/hardware/test_risks.py` checks that every place and every test
> named here exists.

"""


def setpoint_document() -> str:
    found = setpoints.analyse(BOARDS_DRAWN)
    names = [quantity.name for quantity in setpoints.QUANTITIES]
    loose = setpoints.worst_case_with(setpoints.QUANTITIES[0], 0.01)
    cuff = found[names[2]].worst
    return SETPOINTS.format(
        table=setpoints.table(found, BOARDS_DRAWN),
        loose_low=loose[0],
        loose_high=loose[1],
        cuff_low=cuff[0],
        cuff_high=cuff[1],
        emptying=setpoints.EMPTYING_S,
    )


def risk_document() -> str:
    lines = []
    for row in rows("risks.csv"):
        lines += [f"## {row['id']}: {row['hazard']}", "", f"- cause: {row['cause']}", f"- control: {row['control']}"]
        lines += [f"- where: {', '.join(f'`{path}`' for path in row['implemented_in'].split())}"]
        proofs = [f"`{proof}`" for proof in row["proved_by"].split()] or [
            "no automatic test: by the procedure named above"
        ]
        lines += [f"- shown by: {', '.join(proofs)}", f"- what remains: {row['residual']}", ""]
    return RISKS_HEAD + "\n".join(lines)


def outputs() -> dict[str, str]:
    return {"hardware/docs/setpoints.md": setpoint_document(), "hardware/docs/risks.md": risk_document()}
