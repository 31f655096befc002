# SPDX-License-Identifier: Apache-2.0
# Generated from protocol/vitalwire_protocol/messages.py by `make protocol`. Do not edit it here.
"""The host's codec: bytes of a frame's body <-> typed messages in physical units.

Every message is a NamedTuple; it begins with `seq` (the frame's number, 0-65535) and `t_ms` (the sender's clock in ms,
modulo 2^32). A field is None where it was not measured. Fields of named numbers are plain ints: `name_of(Reason, 3)`
gives the word, also for a number that this version does not know. Text is str; items are tuples of ints; samples are
one flat tuple in the order of the wire. `framing.py` checks the CRC and calls what is here.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, IntFlag
from functools import lru_cache
from struct import Struct
from typing import Any, ClassVar, NamedTuple, TypeAlias

from .errors import BadPayload

VERSION_MAJOR = 1
VERSION_MINOR = 4
SCHEMA_HASH = 0x8C28FB8F


class SelftestEnd(IntEnum):
    """How a test, or a pressure held for a calibration, ended on the board."""

    DONE = 0
    ABORTED = 1
    PULSE_SEEN = 2
    SENSOR_FAULT = 3
    NOT_INFLATED = 4
    OVER_PRESSURE = 5
    INTERLOCK = 6
    EXTERNAL_TRIPPED = 7
    TIMEOUT = 8
    NOT_FITTED = 9
    SUPPLY_LOW = 10
    BUTTON = 11


class BoardKind(IntEnum):
    """The kind of board."""

    UNKNOWN = 0
    PICO = 1
    PICO2 = 2
    ESP32S3 = 3


class ResetCause(IntEnum):
    """Why the firmware started."""

    POWER_ON = 0
    HARD_RESET = 1
    WATCHDOG = 2
    DEEP_SLEEP = 3
    SOFT_RESET = 4
    EXCEPTION = 5
    BROWN_OUT = 6
    REQUESTED = 7
    UNKNOWN = 8


class Fault(IntEnum):
    """A technical fault by name."""

    NONE = 0
    OXIMETER_BUS = 1
    OXIMETER_ID = 2
    OXIMETER_FIFO = 3
    CUFF_BUS = 4
    CUFF_ID = 5
    CUFF_STALE = 6
    CUFF_INTEGRITY = 7
    CUFF_SATURATED = 8
    GUARD_RANGE = 9
    CHANNEL_MISMATCH = 10
    OVER_PRESSURE = 11
    OVER_TIME = 12
    CUFF_NOT_EMPTY = 13
    PUMP_STUCK = 14
    BLOCKED = 15
    SUPPLY_LOW = 16
    EXTERNAL_TRIPPED = 17
    EXTERNAL_MISSING = 18
    CONFIG_CORRUPT = 19
    LOOP_SLOW = 20
    MEMORY = 21
    CRASH_LOOP = 22
    INTERLOCK = 23
    TIMER_MISSING = 24


class Capabilities(IntFlag):
    """What this board has and can do."""

    OXIMETER = 1 << 0
    CUFF = 1 << 1
    OWN_SUPPLY = 1 << 2
    HARD_INTERLOCK = 1 << 3
    EXTERNAL_LAYER = 1 << 4
    PPG_STREAM = 1 << 5
    OSCILLOGRAM = 1 << 6
    SIMULATED = 1 << 7
    OBSERVE = 1 << 8


class Status(IntFlag):
    """The state of the board at this heartbeat."""

    SESSION = 1 << 0
    CUFF_ACTIVE = 1 << 1
    CUFF_PRESSURISED = 1 << 2
    AUDIO_PAUSED = 1 << 3
    ALARM_ACTIVE = 1 << 4
    OXIMETER_FAULT = 1 << 5
    CUFF_FAULT = 1 << 6
    GUARD_FAULT = 1 << 7
    SUPPLY_LOW = 1 << 8
    EXTERNAL_TRIPPED = 1 << 9
    CONFIG_DEFAULTED = 1 << 10
    UNCALIBRATED = 1 << 11
    LIMITS_SET = 1 << 12
    HOST_LOST = 1 << 13


class Reason(IntEnum):
    """Why a value is absent or doubtful."""

    OK = 0
    NO_FINGER = 1
    SETTLING = 2
    LOW_SIGNAL = 3
    SATURATED = 4
    MOTION = 5
    IRREGULAR = 6
    CHANNELS_SWAPPED = 7
    OUT_OF_RANGE = 8
    BUS_FAULT = 9
    WRONG_PART = 10
    SAMPLES_LOST = 11
    LOW_PERFUSION = 12
    CUFF_INFLATED = 13
    NO_PULSE = 14
    SENSOR_STALE = 15
    LOW_QUALITY = 16
    UNCORRELATED = 17
    NO_CURVE = 18


class ReadingFlags(IntFlag):
    """How a reading came about."""

    LATE = 1 << 0
    UNCALIBRATED = 1 << 1
    CUFF_INFLATED = 1 << 2
    OBSERVED = 1 << 3


class CuffPhase(IntEnum):
    """What the cuff is doing."""

    IDLE = 0
    ZEROING = 1
    INFLATING = 2
    SETTLING = 3
    DEFLATING = 4
    DUMPING = 5
    RESTING = 6
    FAULT = 7


class NibpOutcome(IntEnum):
    """How a cuff cycle ended."""

    OK = 0
    ABORTED = 1
    NO_INFLATION = 2
    LEAK = 3
    DEFLATION_TOO_FAST = 4
    DEFLATION_TOO_SLOW = 5
    NO_PULSE = 6
    WEAK_PULSE = 7
    MOVEMENT = 8
    IRREGULAR = 9
    OVER_PRESSURE = 10
    TIMEOUT = 11
    ZERO_ERROR = 12
    SENSOR_FAULT = 13
    GUARD_FAULT = 14
    CHANNEL_MISMATCH = 15
    TOO_FEW_BEATS = 16
    NO_CLEAR_MAXIMUM = 17
    NOT_BRACKETED = 18
    INTERLOCK = 19
    EXTERNAL_TRIPPED = 20
    BLOCKED = 21
    SUPPLY_LOW = 22
    IMPLAUSIBLE = 23


class Trigger(IntEnum):
    """What started a cuff cycle."""

    HOST = 0
    BUTTON = 1
    INTERVAL = 2
    RETRY = 3
    OBSERVE = 4


class CuffDirection(IntEnum):
    """While the pressure did what the beats were recorded."""

    DEFLATION = 0
    INFLATION = 1


class NibpDoubt(IntFlag):
    """Why the quality of a pressure is not full."""

    MOVEMENT = 1 << 0
    IRREGULAR = 1 << 1
    WEAK_PULSE = 1 << 2
    FEW_BEATS = 1 << 3
    SHORT_SYSTOLIC = 1 << 4
    SHORT_DIASTOLIC = 1 << 5
    NOISY = 1 << 6
    UNEVEN_SHAPE = 1 << 7


class EventKind(IntEnum):
    """Something that happened on the board."""

    BOOT = 0
    SESSION_BEGIN = 1
    SESSION_END = 2
    CUFF_STARTED = 3
    CUFF_STOPPED = 4
    BUTTON_A = 5
    BUTTON_B = 6
    FAULT_RAISED = 7
    FAULT_CLEARED = 8
    INTERLOCK_TRIP = 9
    CONFIG_SAVED = 10
    CONFIG_DEFAULTED = 11
    SERVICE_ENTERED = 12
    HOST_LOST = 13
    HOST_RETURNED = 14
    SESSION_EXPIRED = 15
    LATE_BEGIN = 16
    LATE_END = 17
    STORE_OVERFLOW = 18
    SAMPLES_LOST = 19
    FINGER_ON = 20
    FINGER_OFF = 21
    LIMITS_SET = 22
    AUDIO_PAUSED = 23
    AUDIO_RESUMED = 24
    EXCEPTION = 25
    LEDS_ADJUSTED = 26


class Rule(IntEnum):
    """What is judged on the board: a limit, a worse one, the saturation index, the probe."""

    SPO2_LOW = 0
    PULSE_LOW = 1
    PULSE_HIGH = 2
    SBP_LOW = 3
    SBP_HIGH = 4
    DBP_LOW = 5
    DBP_HIGH = 6
    SPO2_LOW_OVERRIDE = 7
    PULSE_LOW_OVERRIDE = 8
    PULSE_HIGH_OVERRIDE = 9
    SBP_LOW_OVERRIDE = 10
    SBP_HIGH_OVERRIDE = 11
    DBP_LOW_OVERRIDE = 12
    DBP_HIGH_OVERRIDE = 13
    SATURATION_INDEX = 14
    NO_FINGER = 15
    NO_PULSE = 16


class AlarmState(IntEnum):
    """Where an alarm stands."""

    CLEAR = 0
    PENDING = 1
    ACTIVE = 2
    ACKNOWLEDGED = 3
    LATCHED = 4


class Priority(IntEnum):
    """Alarm priority."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3


class AlarmCause(IntEnum):
    """What raised an alarm, or made it worse."""

    NONE = 0
    DELAY = 1
    OVERRIDE = 2
    INDEX = 3
    ESCALATED = 4


class Outcome(IntEnum):
    """The answer to a command."""

    REFUSED = 0
    ACCEPTED = 1
    DONE = 2


class Refusal(IntEnum):
    """Why a command was refused or its work failed."""

    NONE = 0
    BUSY = 1
    RESTING = 2
    NO_SESSION = 3
    SESSION_OPEN = 4
    UNKNOWN_COMMAND = 5
    BAD_VALUE = 6
    CUFF_FAULT = 7
    NO_EXTERNAL_LAYER = 8
    INTERLOCK = 9
    WAIT_FOR_PERSON = 10
    NOT_FOUND = 11
    CUFF_NOT_EMPTY = 12
    SUPPLY_LOW = 13
    STORAGE = 14
    SERVICE_ONLY = 15


class Selftest(IntEnum):
    """One test of the board by itself; the board measures, the host judges."""

    PROCESSOR = 0
    HEAP = 1
    FLASH = 2
    CLOCK = 3
    WATCHDOG = 4
    BUSES = 5
    OXIMETER_TEMPERATURE = 6
    OXIMETER_LEDS = 7
    OXIMETER_ORDER = 8
    OXIMETER_NOISE = 9
    OXIMETER_FIFO = 10
    PRESSURE_AGREEMENT = 11
    PRESSURE_ZERO = 12
    PRESSURE_NOISE = 13
    PUMP = 14
    LEAK = 15
    BLEED = 16
    DUMP = 17
    CUFF_TIMER = 18
    SINGLE_FAULT = 19
    COMPARATOR = 20
    SOUND = 21
    LIGHT = 22
    BUTTONS = 23
    SUPPLY = 24


class Measure(IntEnum):
    """In what a measured value of a test is; mmhg, ms and celsius carry thousandths (see the test)."""

    NONE = 0
    PCT = 1
    COUNT = 2
    BYTES = 3
    MS = 4
    US = 5
    MV = 6
    MMHG = 7
    MMHG_PER_S = 8
    MMHG_PER_MIN = 9
    CELSIUS = 10
    COUNTS = 11
    COUNTS_PER_MA = 12
    MA = 13
    SPREAD_COUNTS = 14
    SPREAD_MMHG = 15
    PPM = 16
    TEXT = 17


class Calibration(IntEnum):
    """A channel that is calibrated."""

    NONE = 0
    GUARD = 1
    CUFF = 2
    CURVE = 3


class ConfigKey(IntEnum):
    """A setting kept on the board."""

    BED_LABEL = 0
    AVERAGING_S = 1
    LED_BRIGHTNESS_PCT = 2
    SOUND_PCT = 3
    PPG_STREAM = 4
    OWN_SUPPLY = 5
    CUFF_METHOD = 6
    FALLBACK_LIMITS = 7


class ServiceFlags(IntFlag):
    """What a person has confirmed, without which nothing is inflated; from_above: 20 mmHg more, then bled down."""

    CUFF_ON_CYLINDER = 1 << 0
    FROM_ABOVE = 1 << 1


_WORDS_KEPT = 1024  # a number of a later version may be any: what is kept of them is bounded


@lru_cache(_WORDS_KEPT)
def name_of(enum: type[IntEnum], value: int) -> str:
    """The word of the protocol for `value`, such as "no_finger"; "unknown_<n>" for a number of a later version."""
    try:
        return enum(value).name.lower()
    except ValueError:
        return f"unknown_{value}"


def names_of(flags: type[IntFlag], value: int) -> list[str]:
    """The words of the bits set in `value`, in their order; "unknown_<bit>" for a bit of a later version."""
    return list(_names_of(flags, value))


@lru_cache(_WORDS_KEPT)
def _names_of(flags: type[IntFlag], value: int) -> tuple[str, ...]:
    words = {flag.value: flag.name for flag in flags}
    bits = [1 << bit for bit in range(value.bit_length()) if value >> bit & 1]
    return tuple((words.get(bit) or f"unknown_{bit.bit_length() - 1}").lower() for bit in bits)


class _Hello(NamedTuple):
    seq: int
    t_ms: int
    minor: int  # protocol minor version; the major version is in the header
    board: int  # named by BoardKind
    reset_cause: int  # named by ResetCause
    reset_fault: int  # named by Fault; fault that led to the reset
    firmware_major: int
    firmware_minor: int
    firmware_patch: int
    service: int  # 1 in service mode
    schema_hash: int
    capabilities: int  # named by Capabilities
    boot: int  # count of starts, kept in flash
    identity: str  # UTF-8 lines: serial number, bed label (may be empty), interpreter and its version


class Hello(_Hello):
    """Who this is. Sent at start, when asked (`identify`), and every 2 s until a host has spoken."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x01


class _Heartbeat(NamedTuple):
    seq: int
    t_ms: int
    boot: int
    status: int  # named by Status
    limits_crc: int  # CRC-32 of the limits in force, as `set_limits` answers it
    session: int | None  # the open session
    supply_mv: int | None  # mV
    tick_worst_ms: int  # ms; longest tick since the last heartbeat
    heap_free: int | None  # bytes
    frames_dropped: int  # frames the outbox had to drop since the start


class Heartbeat(_Heartbeat):
    """Once a second, whatever else happens."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x02


class _OximetryReading(NamedTuple):
    seq: int
    t_ms: int
    spo2_pct: float | None  # %
    pulse_bpm: float | None  # 1/min
    perfusion_pct: float | None  # %; AC/DC of the infrared channel
    quality: int | None  # %; signal quality, 0-100
    session: int | None
    spo2_reason: int  # named by Reason
    pulse_reason: int  # named by Reason
    perfusion_reason: int  # named by Reason
    averaging_s: int  # s
    flags: int  # named by ReadingFlags
    spo2_newest_pct: float | None  # %; median of the last three beats; the delay of an alarm is counted on it
    spo2_newest_ms: int | None


class OximetryReading(_OximetryReading):
    """Once a second while the oximeter runs. Device time is when it was computed."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x10


class _Ppg(NamedTuple):
    seq: int
    t_ms: int
    first_index: int  # number of the first sample since the start
    rate_hz: int  # Hz
    lost: int  # samples lost just before this batch
    samples: tuple[int, ...]  # red, ir, red, ir, ...; ADC counts, 18 bit


class Ppg(_Ppg):
    """Raw samples of the oximeter in batches. Device time is that of the last sample."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x11


class _CuffPressure(NamedTuple):
    seq: int
    t_ms: int
    pressure_mmhg: float | None  # mmHg
    guard_mmhg: float | None  # mmHg
    target_mmhg: float | None  # mmHg
    phase: int  # named by CuffPhase
    pump_pct: int  # %
    cycle: int  # number of the cycle since the start


class CuffPressure(_CuffPressure):
    """Ten times a second while a cycle runs or the cuff is above 15 mmHg."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x12


class _NibpResult(NamedTuple):
    seq: int
    t_ms: int
    sbp_mmhg: float | None  # mmHg
    map_mmhg: float | None  # mmHg
    dbp_mmhg: float | None  # mmHg
    pulse_bpm: float | None  # 1/min
    quality: int | None  # %; 0-100
    session: int | None
    peak_amplitude_mmhg: float | None  # mmHg; largest oscillation
    outcome: int  # named by NibpOutcome
    trigger: int  # named by Trigger
    attempt: int  # 1 first, 2 the retry
    beats: int  # beats in the envelope
    algorithm: int  # version of the oscillometric algorithm
    flags: int  # named by ReadingFlags
    cycle: int
    started_ms: int  # ms; device time at which the cycle began
    peak_pressure_mmhg: float | None  # mmHg
    direction: int | None  # named by CuffDirection
    doubts: int | None  # named by NibpDoubt; what lowered the quality


class NibpResult(_NibpResult):
    """Exactly one for each cycle that was started. Device time is when the cycle ended."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x13


class _Oscillogram(NamedTuple):
    seq: int
    t_ms: int
    cycle: int
    algorithm: int
    part: int  # 0 is the first part
    parts: int
    direction: int | None  # named by CuffDirection
    left_out: int | None  # beats not listed because the pressure was disturbed there
    noise_mmmhg: int | None  # 0.001 mmHg; RMS of the noise of a single sample of the pressure
    begin_cmmhg: int | None  # 0.01 mmHg; cuff pressure at which the record begins
    end_cmmhg: int | None  # 0.01 mmHg; cuff pressure at which the record ends
    beats: tuple[tuple[int, int, int], ...]  # (pressure_cmmhg, amplitude_mmmhg, t_10ms), ...; one item a beat


class Oscillogram(_Oscillogram):
    """The beats of a cycle, on request; from these the result can be recomputed."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x14


class _Event(NamedTuple):
    seq: int
    t_ms: int
    event: int  # named by EventKind
    fault: int  # named by Fault
    value: int | None  # what the event says of it
    detail: str  # UTF-8, may be empty


class Event(_Event):
    """Something happened."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x20


class _Alarm(NamedTuple):
    seq: int
    t_ms: int
    rule: int  # named by Rule
    state: int  # named by AlarmState
    priority: int  # named by Priority
    value: float | None  # in the unit of the rule
    limit: float | None  # in the unit of the rule
    cause: int | None  # named by AlarmCause


class Alarm(_Alarm):
    """An alarm changed its state or its priority; all are sent again when a host says hello."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x21


class _Answer(NamedTuple):
    seq: int
    t_ms: int
    client: int
    number: int
    command: int  # message type of the request
    outcome: int  # named by Outcome
    refusal: int  # named by Refusal
    value: int | None  # result, where the command has one
    detail: str  # UTF-8, may be empty


class Answer(_Answer):
    """`refused`, or `accepted` and later exactly one `done`. A repeat of a request is answered from a cache."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x22


class _SelftestProgress(NamedTuple):
    seq: int
    t_ms: int
    test: int  # named by Selftest
    done_pct: int  # %
    left_s: int | None  # s; about how long it still takes


class SelftestProgress(_SelftestProgress):
    """How far a test is, at most twice a second."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x23


class _SelftestValue(NamedTuple):
    seq: int
    t_ms: int
    test: int  # named by Selftest
    which: int  # which value of this test, from 0; `protocol/README.md` names them
    measure: int  # named by Measure
    value: int | None  # in thousandths of the measure's unit
    detail: str  # UTF-8, may be empty: a hash, a part's id


class SelftestValue(_SelftestValue):
    """One value that a test measured; absent where it could not be measured."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x24


class _HeldPressure(NamedTuple):
    seq: int
    t_ms: int
    channels: int  # bit 0: cuff sensor, bit 1: guard channel had every sample valid
    cuff_cmmhg: int | None  # 0.01 mmHg; cuff sensor as it reads without calibration
    guard_raw_x16: int | None  # 1/16 count; guard channel, mean of its counts
    cuff_spread_cmmhg: int | None  # 0.01 mmHg; largest less smallest sample
    held_ms: int  # ms; since the pump stopped


class HeldPressure(_HeldPressure):
    """Once a second while a pressure is held for a calibration: means over that second, before calibration."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x25


class _CalibrationStored(NamedTuple):
    seq: int
    t_ms: int
    kind: int  # named by Calibration
    days: int  # days since 2000-01-01 on which it was done
    due_days: int  # days since 2000-01-01 on which it falls due
    zero: int | None  # guard: counts; cuff: 0.01 mmHg
    gain: int | None  # guard: 1/2^13; cuff: 1/2^14
    points: tuple[tuple[int, int], ...]  # (ratio, spo2), ...; of a curve, one item a point


class CalibrationStored(_CalibrationStored):
    """One channel's calibration as the board keeps it, on request. Nothing is sent for one that was never done."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x26


class _Identify(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising


class Identify(_Identify):
    """Asks for a hello and the state of all alarms."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x80

    @classmethod
    def request(cls) -> Identify:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0)


class _Ping(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising


class Ping(_Ping):
    """Says that the host is there; the answer's time serves the clock fit."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x81

    @classmethod
    def request(cls) -> Ping:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0)


class _CuffStart(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising


class CuffStart(_CuffStart):
    """Starts one reading. `done` comes when the cycle has ended; `value` is its outcome."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x82

    @classmethod
    def request(cls) -> CuffStart:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0)


class _Abort(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising


class Abort(_Abort):
    """Ends any cycle and empties the cuff. Never refused."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x83

    @classmethod
    def request(cls) -> Abort:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0)


class _Vent(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising


class Vent(_Vent):
    """Opens the valves, whatever goes on. Never refused."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x84

    @classmethod
    def request(cls) -> Vent:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0)


class _SessionBegin(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising
    session: int  # number of the session; 0 is not used
    interval_s: int  # s; cuff interval; 0 is none, else at least 120
    max_minutes: int  # min; the session ends by itself after this
    same_limb: int  # 1 if probe and cuff are on one limb


class SessionBegin(_SessionBegin):
    """Opens a session: limits of the last one are gone, those in force come with `set_limits`."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x85

    @classmethod
    def request(cls, session: int, interval_s: int, max_minutes: int, same_limb: int) -> SessionBegin:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0, session, interval_s, max_minutes, same_limb)


class _SessionEnd(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising
    session: int


class SessionEnd(_SessionEnd):
    """Ends the session and empties the cuff."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x86

    @classmethod
    def request(cls, session: int) -> SessionEnd:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0, session)


class _SetLimits(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising
    latching: int | None  # bit n: rule n stays until it is acknowledged
    escalate_s: int | None  # s; what nobody acknowledges gets one priority higher after this; 0: never
    limits: tuple[tuple[int, int, int, int, int], ...]


class SetLimits(_SetLimits):
    """Replaces all limits; a rule that is not named is off. `value` is the CRC-32 of all that was sent."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x87

    @classmethod
    def request(
        cls,
        latching: int | None,
        escalate_s: int | None,
        limits: tuple[tuple[int, int, int, int, int], ...],
    ) -> SetLimits:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0, latching, escalate_s, limits)


class _SetInterval(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising
    interval_s: int  # s


class SetInterval(_SetInterval):
    """Changes the cuff interval of the open session."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x88

    @classmethod
    def request(cls, interval_s: int) -> SetInterval:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0, interval_s)


class _Acknowledge(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising
    rule: int  # named by Rule


class Acknowledge(_Acknowledge):
    """Acknowledges one active or latched alarm."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x89

    @classmethod
    def request(cls, rule: int) -> Acknowledge:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0, rule)


class _AudioPause(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising
    seconds: int  # s


class AudioPause(_AudioPause):
    """Pauses the board's sound; 0 ends the pause."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x8A

    @classmethod
    def request(cls, seconds: int) -> AudioPause:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0, seconds)


class _ConfigSet(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising
    key: int  # named by ConfigKey
    setting: str  # UTF-8; of `fallback_limits` base64, see below


class ConfigSet(_ConfigSet):
    """Checks and saves one setting. In a session only `ppg_stream`."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x8B

    @classmethod
    def request(cls, key: int, setting: str) -> ConfigSet:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0, key, setting)


class _ConfigGet(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising
    key: int  # named by ConfigKey


class ConfigGet(_ConfigGet):
    """`detail` is the setting."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x8C

    @classmethod
    def request(cls, key: int) -> ConfigGet:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0, key)


class _OscillogramGet(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising
    cycle: int


class OscillogramGet(_OscillogramGet):
    """Asks for the oscillogram of a cycle."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x8D

    @classmethod
    def request(cls, cycle: int) -> OscillogramGet:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0, cycle)


class _ServiceEnter(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising


class ServiceEnter(_ServiceEnter):
    """Restarts into service mode. Refused while a session is open."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x8E

    @classmethod
    def request(cls) -> ServiceEnter:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0)


class _Reset(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising


class Reset(_Reset):
    """Restarts the board. Refused while a session is open."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x8F

    @classmethod
    def request(cls) -> Reset:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0)


class _Observe(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising
    max_s: int  # s


class Observe(_Observe):
    """Captures a cuff cycle that someone else drives. Oscillometry as shipped; actuator checks off."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x90

    @classmethod
    def request(cls, max_s: int) -> Observe:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0, max_s)


class _SelftestRun(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising
    test: int  # named by Selftest
    flags: int  # named by ServiceFlags


class SelftestRun(_SelftestRun):
    """Runs one test. Values come as they are measured; `done` when it has ended; `value` is how it ended."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x91

    @classmethod
    def request(cls, test: int, flags: int) -> SelftestRun:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0, test, flags)


class _HoldPressure(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising
    hold_mmhg: int  # mmHg; 0 to 250; 0 holds the open manifold
    hold_s: int  # s; 1 to 30
    flags: int  # named by ServiceFlags


class HoldPressure(_HoldPressure):
    """Inflates from zero, holds, vents. `done` when the cuff is empty; `value` is how it ended."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x92

    @classmethod
    def request(cls, hold_mmhg: int, hold_s: int, flags: int) -> HoldPressure:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0, hold_mmhg, hold_s, flags)


class _CalibrationGet(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising
    kind: int  # named by Calibration


class CalibrationGet(_CalibrationGet):
    """Asks for one channel's calibration."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x93

    @classmethod
    def request(cls, kind: int) -> CalibrationGet:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0, kind)


class _CalibrationSet(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising
    kind: int  # named by Calibration; guard or cuff
    days: int  # days since 2000-01-01 on which it was done
    due_days: int  # days since 2000-01-01 on which it falls due
    zero: int  # guard: counts; cuff: 0.01 mmHg
    gain: int  # guard: 1/2^13; cuff: 1/2^14


class CalibrationSet(_CalibrationSet):
    """Checks and saves the calibration of a pressure channel. Refused outside the tolerances of healthy parts."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x94

    @classmethod
    def request(cls, kind: int, days: int, due_days: int, zero: int, gain: int) -> CalibrationSet:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0, kind, days, due_days, zero, gain)


class _CurveSet(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising
    days: int  # days since 2000-01-01 on which it was done
    due_days: int  # days since 2000-01-01 on which it falls due
    points: tuple[tuple[int, int], ...]  # (ratio, spo2), ...; falling ratio order as the curve is read


class CurveSet(_CurveSet):
    """Checks and saves the SpO2 curve of the finger sensor."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x95

    @classmethod
    def request(cls, days: int, due_days: int, points: tuple[tuple[int, int], ...]) -> CurveSet:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0, days, due_days, points)


class _CalibrationClear(NamedTuple):
    seq: int
    t_ms: int
    client: int  # random number of this client; 0 is not used
    number: int  # number of the request, rising
    kind: int  # named by Calibration


class CalibrationClear(_CalibrationClear):
    """Forgets one channel's calibration."""

    __slots__ = ()
    TYPE: ClassVar[int] = 0x96

    @classmethod
    def request(cls, kind: int) -> CalibrationClear:
        """The command without sequence, time, client and number, which the link fills in."""
        return cls(0, 0, 0, 0, kind)


Message: TypeAlias = (
    Hello
    | Heartbeat
    | OximetryReading
    | Ppg
    | CuffPressure
    | NibpResult
    | Oscillogram
    | Event
    | Alarm
    | Answer
    | SelftestProgress
    | SelftestValue
    | HeldPressure
    | CalibrationStored
    | Identify
    | Ping
    | CuffStart
    | Abort
    | Vent
    | SessionBegin
    | SessionEnd
    | SetLimits
    | SetInterval
    | Acknowledge
    | AudioPause
    | ConfigSet
    | ConfigGet
    | OscillogramGet
    | ServiceEnter
    | Reset
    | Observe
    | SelftestRun
    | HoldPressure
    | CalibrationGet
    | CalibrationSet
    | CurveSet
    | CalibrationClear
)


OnExtra: TypeAlias = Callable[[int], None]
_new = tuple.__new__


def _fit(
    name: str, body: bytes, stop: int, end: int, size: int, older: tuple[int, ...], on_extra: OnExtra | None
) -> bytes:
    """Makes a head that ends at `stop` fit the known one that ends at `size`.

    A longer head comes from a later minor version: `on_extra` is told how many bytes were left unread. One of the
    `older` lengths is filled up with zeros. Anything else raises BadPayload.
    """
    if stop > end or (stop < size and stop not in older):
        raise BadPayload(f"{name}: the head ends at byte {stop} of {end}; expected {size}")
    if stop >= size:
        if stop > size and on_extra is not None:
            on_extra(stop - size)
        return body
    return body[:stop] + bytes(size - stop)


def _bad_run(name: str, length: int, item: int) -> BadPayload:
    return BadPayload(f"{name}: {length} bytes do not divide into items of {item}")


_hello_head = Struct("<2xHIBBBBBBBBBIII").unpack_from
_hello_pack = Struct("<BBBBBBBBBIII").pack


def _decode_hello(body: bytes, end: int, on_extra: OnExtra | None) -> Hello:
    start = 8 + body[8]
    head = body
    if start != 29 or end < 29:
        head = _fit("hello", body, start, end, 29, (), on_extra)
    (
        seq,
        t_ms,
        _,
        minor,
        board,
        reset_cause,
        reset_fault,
        firmware_major,
        firmware_minor,
        firmware_patch,
        service,
        schema_hash,
        capabilities,
        boot,
    ) = _hello_head(head)
    return _new(
        Hello,
        (
            seq,
            t_ms,
            minor,
            board,
            reset_cause,
            reset_fault,
            firmware_major,
            firmware_minor,
            firmware_patch,
            service,
            schema_hash,
            capabilities,
            boot,
            str(body[start:end], "utf-8", "replace"),
        ),
    )


def _encode_hello(m: Hello) -> bytes:
    head = _hello_pack(
        21,
        m.minor,
        m.board,
        m.reset_cause,
        m.reset_fault,
        m.firmware_major,
        m.firmware_minor,
        m.firmware_patch,
        m.service,
        m.schema_hash,
        m.capabilities,
        m.boot,
    )
    return head + m.identity.encode("utf-8", "replace")


_heartbeat_head = Struct("<2xHIHIIIIHHIH").unpack_from
_heartbeat_pack = Struct("<HIIIIHHIH").pack


def _decode_heartbeat(body: bytes, end: int, on_extra: OnExtra | None) -> Heartbeat:
    if end != 36:
        body = _fit("heartbeat", body, end, end, 36, (), on_extra)
    (
        seq,
        t_ms,
        present,
        boot,
        status,
        limits_crc,
        session,
        supply_mv,
        tick_worst_ms,
        heap_free,
        frames_dropped,
    ) = _heartbeat_head(body)
    return _new(
        Heartbeat,
        (
            seq,
            t_ms,
            boot,
            status,
            limits_crc,
            session if present & 1 else None,
            supply_mv if present & 2 else None,
            tick_worst_ms,
            heap_free if present & 4 else None,
            frames_dropped,
        ),
    )


def _encode_heartbeat(m: Heartbeat) -> bytes:
    present = (m.session is not None) | (m.supply_mv is not None) << 1 | (m.heap_free is not None) << 2
    return _heartbeat_pack(
        present,
        m.boot,
        m.status,
        m.limits_crc,
        0 if m.session is None else m.session,
        0 if m.supply_mv is None else m.supply_mv,
        m.tick_worst_ms,
        0 if m.heap_free is None else m.heap_free,
        m.frames_dropped,
    )


_oximetry_reading_head = Struct("<2xHIHHHHBIBBBBBHH").unpack_from
_oximetry_reading_pack = Struct("<HHHHBIBBBBBHH").pack


def _decode_oximetry_reading(body: bytes, end: int, on_extra: OnExtra | None) -> OximetryReading:
    if end != 30:
        body = _fit("oximetry_reading", body, end, end, 30, (26,), on_extra)
    (
        seq,
        t_ms,
        present,
        spo2_pct,
        pulse_bpm,
        perfusion_pct,
        quality,
        session,
        spo2_reason,
        pulse_reason,
        perfusion_reason,
        averaging_s,
        flags,
        spo2_newest_pct,
        spo2_newest_ms,
    ) = _oximetry_reading_head(body)
    return _new(
        OximetryReading,
        (
            seq,
            t_ms,
            spo2_pct / 10 if present & 1 else None,
            pulse_bpm / 10 if present & 2 else None,
            perfusion_pct / 100 if present & 4 else None,
            quality if present & 8 else None,
            session if present & 16 else None,
            spo2_reason,
            pulse_reason,
            perfusion_reason,
            averaging_s,
            flags,
            spo2_newest_pct / 10 if end >= 28 and present & 32 else None,
            spo2_newest_ms if end >= 30 and present & 64 else None,
        ),
    )


def _encode_oximetry_reading(m: OximetryReading) -> bytes:
    present = (
        (m.spo2_pct is not None)
        | (m.pulse_bpm is not None) << 1
        | (m.perfusion_pct is not None) << 2
        | (m.quality is not None) << 3
        | (m.session is not None) << 4
        | (m.spo2_newest_pct is not None) << 5
        | (m.spo2_newest_ms is not None) << 6
    )
    return _oximetry_reading_pack(
        present,
        0 if m.spo2_pct is None else round(m.spo2_pct * 10),
        0 if m.pulse_bpm is None else round(m.pulse_bpm * 10),
        0 if m.perfusion_pct is None else round(m.perfusion_pct * 100),
        0 if m.quality is None else m.quality,
        0 if m.session is None else m.session,
        m.spo2_reason,
        m.pulse_reason,
        m.perfusion_reason,
        m.averaging_s,
        m.flags,
        0 if m.spo2_newest_pct is None else round(m.spo2_newest_pct * 10),
        0 if m.spo2_newest_ms is None else m.spo2_newest_ms,
    )


_ppg_head = Struct("<2xHIBIHH").unpack_from
_ppg_pack = Struct("<BIHH").pack
# One compiled format for each possible number of items: a body holds at most this many.
_ppg_run = tuple(Struct(f"<{2 * n}I").unpack_from for n in range(62))


def _decode_ppg(body: bytes, end: int, on_extra: OnExtra | None) -> Ppg:
    start = 8 + body[8]
    head = body
    if start != 17 or end < 17:
        head = _fit("ppg", body, start, end, 17, (), on_extra)
    seq, t_ms, _, first_index, rate_hz, lost = _ppg_head(head)
    if (end - start) % 8:
        raise _bad_run("ppg", end - start, 8)
    return _new(Ppg, (seq, t_ms, first_index, rate_hz, lost, _ppg_run[(end - start) // 8](body, start)))


def _encode_ppg(m: Ppg) -> bytes:
    if len(m.samples) % 2:
        raise ValueError("samples end within an item")
    head = _ppg_pack(9, m.first_index, m.rate_hz, m.lost)
    return head + Struct(f"<{len(m.samples)}I").pack(*m.samples)


_cuff_pressure_head = Struct("<2xHIHhhhBBH").unpack_from
_cuff_pressure_pack = Struct("<HhhhBBH").pack


def _decode_cuff_pressure(body: bytes, end: int, on_extra: OnExtra | None) -> CuffPressure:
    if end != 20:
        body = _fit("cuff_pressure", body, end, end, 20, (), on_extra)
    seq, t_ms, present, pressure_mmhg, guard_mmhg, target_mmhg, phase, pump_pct, cycle = _cuff_pressure_head(body)
    return _new(
        CuffPressure,
        (
            seq,
            t_ms,
            pressure_mmhg / 10 if present & 1 else None,
            guard_mmhg / 10 if present & 2 else None,
            target_mmhg / 10 if present & 4 else None,
            phase,
            pump_pct,
            cycle,
        ),
    )


def _encode_cuff_pressure(m: CuffPressure) -> bytes:
    present = (m.pressure_mmhg is not None) | (m.guard_mmhg is not None) << 1 | (m.target_mmhg is not None) << 2
    return _cuff_pressure_pack(
        present,
        0 if m.pressure_mmhg is None else round(m.pressure_mmhg * 10),
        0 if m.guard_mmhg is None else round(m.guard_mmhg * 10),
        0 if m.target_mmhg is None else round(m.target_mmhg * 10),
        m.phase,
        m.pump_pct,
        m.cycle,
    )


_nibp_result_head = Struct("<2xHIHHHHHBIHBBBBBBHIHBH").unpack_from
_nibp_result_pack = Struct("<HHHHHBIHBBBBBBHIHBH").pack


def _decode_nibp_result(body: bytes, end: int, on_extra: OnExtra | None) -> NibpResult:
    if end != 42:
        body = _fit("nibp_result", body, end, end, 42, (39,), on_extra)
    (
        seq,
        t_ms,
        present,
        sbp_mmhg,
        map_mmhg,
        dbp_mmhg,
        pulse_bpm,
        quality,
        session,
        peak_amplitude_mmhg,
        outcome,
        trigger,
        attempt,
        beats,
        algorithm,
        flags,
        cycle,
        started_ms,
        peak_pressure_mmhg,
        direction,
        doubts,
    ) = _nibp_result_head(body)
    return _new(
        NibpResult,
        (
            seq,
            t_ms,
            sbp_mmhg / 10 if present & 1 else None,
            map_mmhg / 10 if present & 2 else None,
            dbp_mmhg / 10 if present & 4 else None,
            pulse_bpm / 10 if present & 8 else None,
            quality if present & 16 else None,
            session if present & 32 else None,
            peak_amplitude_mmhg / 100 if present & 64 else None,
            outcome,
            trigger,
            attempt,
            beats,
            algorithm,
            flags,
            cycle,
            started_ms,
            peak_pressure_mmhg / 10 if present & 128 else None,
            direction if end >= 40 else None,
            doubts if end >= 42 else None,
        ),
    )


def _encode_nibp_result(m: NibpResult) -> bytes:
    present = (
        (m.sbp_mmhg is not None)
        | (m.map_mmhg is not None) << 1
        | (m.dbp_mmhg is not None) << 2
        | (m.pulse_bpm is not None) << 3
        | (m.quality is not None) << 4
        | (m.session is not None) << 5
        | (m.peak_amplitude_mmhg is not None) << 6
        | (m.peak_pressure_mmhg is not None) << 7
    )
    return _nibp_result_pack(
        present,
        0 if m.sbp_mmhg is None else round(m.sbp_mmhg * 10),
        0 if m.map_mmhg is None else round(m.map_mmhg * 10),
        0 if m.dbp_mmhg is None else round(m.dbp_mmhg * 10),
        0 if m.pulse_bpm is None else round(m.pulse_bpm * 10),
        0 if m.quality is None else m.quality,
        0 if m.session is None else m.session,
        0 if m.peak_amplitude_mmhg is None else round(m.peak_amplitude_mmhg * 100),
        m.outcome,
        m.trigger,
        m.attempt,
        m.beats,
        m.algorithm,
        m.flags,
        m.cycle,
        m.started_ms,
        0 if m.peak_pressure_mmhg is None else round(m.peak_pressure_mmhg * 10),
        m.direction,
        m.doubts,
    )


_oscillogram_head = Struct("<2xHIBHBBBBBHHH").unpack_from
_oscillogram_pack = Struct("<BHBBBBBHHH").pack
_oscillogram_item = Struct("<HHH")


def _decode_oscillogram(body: bytes, end: int, on_extra: OnExtra | None) -> Oscillogram:
    start = 8 + body[8]
    head = body
    if start != 22 or end < 22:
        head = _fit("oscillogram", body, start, end, 22, (14,), on_extra)
    (
        seq,
        t_ms,
        _,
        cycle,
        algorithm,
        part,
        parts,
        direction,
        left_out,
        noise_mmmhg,
        begin_cmmhg,
        end_cmmhg,
    ) = _oscillogram_head(head)
    if (end - start) % 6:
        raise _bad_run("oscillogram", end - start, 6)
    return _new(
        Oscillogram,
        (
            seq,
            t_ms,
            cycle,
            algorithm,
            part,
            parts,
            direction if start >= 15 else None,
            left_out if start >= 16 else None,
            noise_mmmhg if start >= 18 else None,
            begin_cmmhg if start >= 20 else None,
            end_cmmhg if start >= 22 else None,
            tuple(_oscillogram_item.iter_unpack(body[start:end])),
        ),
    )


def _encode_oscillogram(m: Oscillogram) -> bytes:
    head = _oscillogram_pack(
        14,
        m.cycle,
        m.algorithm,
        m.part,
        m.parts,
        m.direction,
        m.left_out,
        m.noise_mmmhg,
        m.begin_cmmhg,
        m.end_cmmhg,
    )
    return head + b"".join(_oscillogram_item.pack(*item) for item in m.beats)


_event_head = Struct("<2xHIBHBBi").unpack_from
_event_pack = Struct("<BHBBi").pack


def _decode_event(body: bytes, end: int, on_extra: OnExtra | None) -> Event:
    start = 8 + body[8]
    head = body
    if start != 17 or end < 17:
        head = _fit("event", body, start, end, 17, (), on_extra)
    seq, t_ms, _, present, event, fault, value = _event_head(head)
    return _new(
        Event,
        (
            seq,
            t_ms,
            event,
            fault,
            value if present & 1 else None,
            str(body[start:end], "utf-8", "replace"),
        ),
    )


def _encode_event(m: Event) -> bytes:
    present = int(m.value is not None)
    head = _event_pack(9, present, m.event, m.fault, 0 if m.value is None else m.value)
    return head + m.detail.encode("utf-8", "replace")


_alarm_head = Struct("<2xHIHBBBHHB").unpack_from
_alarm_pack = Struct("<HBBBHHB").pack


def _decode_alarm(body: bytes, end: int, on_extra: OnExtra | None) -> Alarm:
    if end != 18:
        body = _fit("alarm", body, end, end, 18, (17,), on_extra)
    seq, t_ms, present, rule, state, priority, value, limit, cause = _alarm_head(body)
    return _new(
        Alarm,
        (
            seq,
            t_ms,
            rule,
            state,
            priority,
            value / 10 if present & 1 else None,
            limit / 10 if present & 2 else None,
            cause if end >= 18 else None,
        ),
    )


def _encode_alarm(m: Alarm) -> bytes:
    present = (m.value is not None) | (m.limit is not None) << 1
    return _alarm_pack(
        present,
        m.rule,
        m.state,
        m.priority,
        0 if m.value is None else round(m.value * 10),
        0 if m.limit is None else round(m.limit * 10),
        m.cause,
    )


_answer_head = Struct("<2xHIBHIHBBBi").unpack_from
_answer_pack = Struct("<BHIHBBBi").pack


def _decode_answer(body: bytes, end: int, on_extra: OnExtra | None) -> Answer:
    start = 8 + body[8]
    head = body
    if start != 24 or end < 24:
        head = _fit("answer", body, start, end, 24, (), on_extra)
    seq, t_ms, _, present, client, number, command, outcome, refusal, value = _answer_head(head)
    return _new(
        Answer,
        (
            seq,
            t_ms,
            client,
            number,
            command,
            outcome,
            refusal,
            value if present & 1 else None,
            str(body[start:end], "utf-8", "replace"),
        ),
    )


def _encode_answer(m: Answer) -> bytes:
    present = int(m.value is not None)
    head = _answer_pack(
        16,
        present,
        m.client,
        m.number,
        m.command,
        m.outcome,
        m.refusal,
        0 if m.value is None else m.value,
    )
    return head + m.detail.encode("utf-8", "replace")


_selftest_progress_head = Struct("<2xHIHBBH").unpack_from
_selftest_progress_pack = Struct("<HBBH").pack


def _decode_selftest_progress(body: bytes, end: int, on_extra: OnExtra | None) -> SelftestProgress:
    if end != 14:
        body = _fit("selftest_progress", body, end, end, 14, (), on_extra)
    seq, t_ms, present, test, done_pct, left_s = _selftest_progress_head(body)
    return _new(SelftestProgress, (seq, t_ms, test, done_pct, left_s if present & 1 else None))


def _encode_selftest_progress(m: SelftestProgress) -> bytes:
    present = int(m.left_s is not None)
    return _selftest_progress_pack(present, m.test, m.done_pct, 0 if m.left_s is None else m.left_s)


_selftest_value_head = Struct("<2xHIBHBBBi").unpack_from
_selftest_value_pack = Struct("<BHBBBi").pack


def _decode_selftest_value(body: bytes, end: int, on_extra: OnExtra | None) -> SelftestValue:
    start = 8 + body[8]
    head = body
    if start != 18 or end < 18:
        head = _fit("selftest_value", body, start, end, 18, (), on_extra)
    seq, t_ms, _, present, test, which, measure, value = _selftest_value_head(head)
    return _new(
        SelftestValue,
        (
            seq,
            t_ms,
            test,
            which,
            measure,
            value if present & 1 else None,
            str(body[start:end], "utf-8", "replace"),
        ),
    )


def _encode_selftest_value(m: SelftestValue) -> bytes:
    present = int(m.value is not None)
    head = _selftest_value_pack(10, present, m.test, m.which, m.measure, 0 if m.value is None else m.value)
    return head + m.detail.encode("utf-8", "replace")


_held_pressure_head = Struct("<2xHIHBiIHH").unpack_from
_held_pressure_pack = Struct("<HBiIHH").pack


def _decode_held_pressure(body: bytes, end: int, on_extra: OnExtra | None) -> HeldPressure:
    if end != 23:
        body = _fit("held_pressure", body, end, end, 23, (), on_extra)
    seq, t_ms, present, channels, cuff_cmmhg, guard_raw_x16, cuff_spread_cmmhg, held_ms = _held_pressure_head(body)
    return _new(
        HeldPressure,
        (
            seq,
            t_ms,
            channels,
            cuff_cmmhg if present & 1 else None,
            guard_raw_x16 if present & 2 else None,
            cuff_spread_cmmhg if present & 4 else None,
            held_ms,
        ),
    )


def _encode_held_pressure(m: HeldPressure) -> bytes:
    present = (m.cuff_cmmhg is not None) | (m.guard_raw_x16 is not None) << 1 | (m.cuff_spread_cmmhg is not None) << 2
    return _held_pressure_pack(
        present,
        m.channels,
        0 if m.cuff_cmmhg is None else m.cuff_cmmhg,
        0 if m.guard_raw_x16 is None else m.guard_raw_x16,
        0 if m.cuff_spread_cmmhg is None else m.cuff_spread_cmmhg,
        m.held_ms,
    )


_calibration_stored_head = Struct("<2xHIBHBIIii").unpack_from
_calibration_stored_pack = Struct("<BHBIIii").pack
_calibration_stored_item = Struct("<HH")


def _decode_calibration_stored(body: bytes, end: int, on_extra: OnExtra | None) -> CalibrationStored:
    start = 8 + body[8]
    head = body
    if start != 28 or end < 28:
        head = _fit("calibration_stored", body, start, end, 28, (), on_extra)
    seq, t_ms, _, present, kind, days, due_days, zero, gain = _calibration_stored_head(head)
    if (end - start) % 4:
        raise _bad_run("calibration_stored", end - start, 4)
    return _new(
        CalibrationStored,
        (
            seq,
            t_ms,
            kind,
            days,
            due_days,
            zero if present & 1 else None,
            gain if present & 2 else None,
            tuple(_calibration_stored_item.iter_unpack(body[start:end])),
        ),
    )


def _encode_calibration_stored(m: CalibrationStored) -> bytes:
    present = (m.zero is not None) | (m.gain is not None) << 1
    head = _calibration_stored_pack(
        20,
        present,
        m.kind,
        m.days,
        m.due_days,
        0 if m.zero is None else m.zero,
        0 if m.gain is None else m.gain,
    )
    return head + b"".join(_calibration_stored_item.pack(*item) for item in m.points)


_identify_head = Struct("<2xHIIH").unpack_from
_identify_pack = Struct("<IH").pack


def _decode_identify(body: bytes, end: int, on_extra: OnExtra | None) -> Identify:
    if end != 14:
        body = _fit("identify", body, end, end, 14, (), on_extra)
    seq, t_ms, client, number = _identify_head(body)
    return _new(Identify, (seq, t_ms, client, number))


def _encode_identify(m: Identify) -> bytes:
    return _identify_pack(m.client, m.number)


_ping_head = Struct("<2xHIIH").unpack_from
_ping_pack = Struct("<IH").pack


def _decode_ping(body: bytes, end: int, on_extra: OnExtra | None) -> Ping:
    if end != 14:
        body = _fit("ping", body, end, end, 14, (), on_extra)
    seq, t_ms, client, number = _ping_head(body)
    return _new(Ping, (seq, t_ms, client, number))


def _encode_ping(m: Ping) -> bytes:
    return _ping_pack(m.client, m.number)


_cuff_start_head = Struct("<2xHIIH").unpack_from
_cuff_start_pack = Struct("<IH").pack


def _decode_cuff_start(body: bytes, end: int, on_extra: OnExtra | None) -> CuffStart:
    if end != 14:
        body = _fit("cuff_start", body, end, end, 14, (), on_extra)
    seq, t_ms, client, number = _cuff_start_head(body)
    return _new(CuffStart, (seq, t_ms, client, number))


def _encode_cuff_start(m: CuffStart) -> bytes:
    return _cuff_start_pack(m.client, m.number)


_abort_head = Struct("<2xHIIH").unpack_from
_abort_pack = Struct("<IH").pack


def _decode_abort(body: bytes, end: int, on_extra: OnExtra | None) -> Abort:
    if end != 14:
        body = _fit("abort", body, end, end, 14, (), on_extra)
    seq, t_ms, client, number = _abort_head(body)
    return _new(Abort, (seq, t_ms, client, number))


def _encode_abort(m: Abort) -> bytes:
    return _abort_pack(m.client, m.number)


_vent_head = Struct("<2xHIIH").unpack_from
_vent_pack = Struct("<IH").pack


def _decode_vent(body: bytes, end: int, on_extra: OnExtra | None) -> Vent:
    if end != 14:
        body = _fit("vent", body, end, end, 14, (), on_extra)
    seq, t_ms, client, number = _vent_head(body)
    return _new(Vent, (seq, t_ms, client, number))


def _encode_vent(m: Vent) -> bytes:
    return _vent_pack(m.client, m.number)


_session_begin_head = Struct("<2xHIIHIHHB").unpack_from
_session_begin_pack = Struct("<IHIHHB").pack


def _decode_session_begin(body: bytes, end: int, on_extra: OnExtra | None) -> SessionBegin:
    if end != 23:
        body = _fit("session_begin", body, end, end, 23, (), on_extra)
    seq, t_ms, client, number, session, interval_s, max_minutes, same_limb = _session_begin_head(body)
    return _new(SessionBegin, (seq, t_ms, client, number, session, interval_s, max_minutes, same_limb))


def _encode_session_begin(m: SessionBegin) -> bytes:
    return _session_begin_pack(m.client, m.number, m.session, m.interval_s, m.max_minutes, m.same_limb)


_session_end_head = Struct("<2xHIIHI").unpack_from
_session_end_pack = Struct("<IHI").pack


def _decode_session_end(body: bytes, end: int, on_extra: OnExtra | None) -> SessionEnd:
    if end != 18:
        body = _fit("session_end", body, end, end, 18, (), on_extra)
    seq, t_ms, client, number, session = _session_end_head(body)
    return _new(SessionEnd, (seq, t_ms, client, number, session))


def _encode_session_end(m: SessionEnd) -> bytes:
    return _session_end_pack(m.client, m.number, m.session)


_set_limits_head = Struct("<2xHIBIHHH").unpack_from
_set_limits_pack = Struct("<BIHHH").pack
_set_limits_item = Struct("<BBHHH")


def _decode_set_limits(body: bytes, end: int, on_extra: OnExtra | None) -> SetLimits:
    start = 8 + body[8]
    head = body
    if start != 19 or end < 19:
        head = _fit("set_limits", body, start, end, 19, (15,), on_extra)
    seq, t_ms, _, client, number, latching, escalate_s = _set_limits_head(head)
    if (end - start) % 8:
        raise _bad_run("set_limits", end - start, 8)
    return _new(
        SetLimits,
        (
            seq,
            t_ms,
            client,
            number,
            latching if start >= 17 else None,
            escalate_s if start >= 19 else None,
            tuple(_set_limits_item.iter_unpack(body[start:end])),
        ),
    )


def _encode_set_limits(m: SetLimits) -> bytes:
    head = _set_limits_pack(11, m.client, m.number, m.latching, m.escalate_s)
    return head + b"".join(_set_limits_item.pack(*item) for item in m.limits)


_set_interval_head = Struct("<2xHIIHH").unpack_from
_set_interval_pack = Struct("<IHH").pack


def _decode_set_interval(body: bytes, end: int, on_extra: OnExtra | None) -> SetInterval:
    if end != 16:
        body = _fit("set_interval", body, end, end, 16, (), on_extra)
    seq, t_ms, client, number, interval_s = _set_interval_head(body)
    return _new(SetInterval, (seq, t_ms, client, number, interval_s))


def _encode_set_interval(m: SetInterval) -> bytes:
    return _set_interval_pack(m.client, m.number, m.interval_s)


_acknowledge_head = Struct("<2xHIIHB").unpack_from
_acknowledge_pack = Struct("<IHB").pack


def _decode_acknowledge(body: bytes, end: int, on_extra: OnExtra | None) -> Acknowledge:
    if end != 15:
        body = _fit("acknowledge", body, end, end, 15, (), on_extra)
    seq, t_ms, client, number, rule = _acknowledge_head(body)
    return _new(Acknowledge, (seq, t_ms, client, number, rule))


def _encode_acknowledge(m: Acknowledge) -> bytes:
    return _acknowledge_pack(m.client, m.number, m.rule)


_audio_pause_head = Struct("<2xHIIHH").unpack_from
_audio_pause_pack = Struct("<IHH").pack


def _decode_audio_pause(body: bytes, end: int, on_extra: OnExtra | None) -> AudioPause:
    if end != 16:
        body = _fit("audio_pause", body, end, end, 16, (), on_extra)
    seq, t_ms, client, number, seconds = _audio_pause_head(body)
    return _new(AudioPause, (seq, t_ms, client, number, seconds))


def _encode_audio_pause(m: AudioPause) -> bytes:
    return _audio_pause_pack(m.client, m.number, m.seconds)


_config_set_head = Struct("<2xHIBIHB").unpack_from
_config_set_pack = Struct("<BIHB").pack


def _decode_config_set(body: bytes, end: int, on_extra: OnExtra | None) -> ConfigSet:
    start = 8 + body[8]
    head = body
    if start != 16 or end < 16:
        head = _fit("config_set", body, start, end, 16, (), on_extra)
    seq, t_ms, _, client, number, key = _config_set_head(head)
    return _new(ConfigSet, (seq, t_ms, client, number, key, str(body[start:end], "utf-8", "replace")))


def _encode_config_set(m: ConfigSet) -> bytes:
    head = _config_set_pack(8, m.client, m.number, m.key)
    return head + m.setting.encode("utf-8", "replace")


_config_get_head = Struct("<2xHIIHB").unpack_from
_config_get_pack = Struct("<IHB").pack


def _decode_config_get(body: bytes, end: int, on_extra: OnExtra | None) -> ConfigGet:
    if end != 15:
        body = _fit("config_get", body, end, end, 15, (), on_extra)
    seq, t_ms, client, number, key = _config_get_head(body)
    return _new(ConfigGet, (seq, t_ms, client, number, key))


def _encode_config_get(m: ConfigGet) -> bytes:
    return _config_get_pack(m.client, m.number, m.key)


_oscillogram_get_head = Struct("<2xHIIHH").unpack_from
_oscillogram_get_pack = Struct("<IHH").pack


def _decode_oscillogram_get(body: bytes, end: int, on_extra: OnExtra | None) -> OscillogramGet:
    if end != 16:
        body = _fit("oscillogram_get", body, end, end, 16, (), on_extra)
    seq, t_ms, client, number, cycle = _oscillogram_get_head(body)
    return _new(OscillogramGet, (seq, t_ms, client, number, cycle))


def _encode_oscillogram_get(m: OscillogramGet) -> bytes:
    return _oscillogram_get_pack(m.client, m.number, m.cycle)


_service_enter_head = Struct("<2xHIIH").unpack_from
_service_enter_pack = Struct("<IH").pack


def _decode_service_enter(body: bytes, end: int, on_extra: OnExtra | None) -> ServiceEnter:
    if end != 14:
        body = _fit("service_enter", body, end, end, 14, (), on_extra)
    seq, t_ms, client, number = _service_enter_head(body)
    return _new(ServiceEnter, (seq, t_ms, client, number))


def _encode_service_enter(m: ServiceEnter) -> bytes:
    return _service_enter_pack(m.client, m.number)


_reset_head = Struct("<2xHIIH").unpack_from
_reset_pack = Struct("<IH").pack


def _decode_reset(body: bytes, end: int, on_extra: OnExtra | None) -> Reset:
    if end != 14:
        body = _fit("reset", body, end, end, 14, (), on_extra)
    seq, t_ms, client, number = _reset_head(body)
    return _new(Reset, (seq, t_ms, client, number))


def _encode_reset(m: Reset) -> bytes:
    return _reset_pack(m.client, m.number)


_observe_head = Struct("<2xHIIHH").unpack_from
_observe_pack = Struct("<IHH").pack


def _decode_observe(body: bytes, end: int, on_extra: OnExtra | None) -> Observe:
    if end != 16:
        body = _fit("observe", body, end, end, 16, (), on_extra)
    seq, t_ms, client, number, max_s = _observe_head(body)
    return _new(Observe, (seq, t_ms, client, number, max_s))


def _encode_observe(m: Observe) -> bytes:
    return _observe_pack(m.client, m.number, m.max_s)


_selftest_run_head = Struct("<2xHIIHBB").unpack_from
_selftest_run_pack = Struct("<IHBB").pack


def _decode_selftest_run(body: bytes, end: int, on_extra: OnExtra | None) -> SelftestRun:
    if end != 16:
        body = _fit("selftest_run", body, end, end, 16, (), on_extra)
    seq, t_ms, client, number, test, flags = _selftest_run_head(body)
    return _new(SelftestRun, (seq, t_ms, client, number, test, flags))


def _encode_selftest_run(m: SelftestRun) -> bytes:
    return _selftest_run_pack(m.client, m.number, m.test, m.flags)


_hold_pressure_head = Struct("<2xHIIHHHB").unpack_from
_hold_pressure_pack = Struct("<IHHHB").pack


def _decode_hold_pressure(body: bytes, end: int, on_extra: OnExtra | None) -> HoldPressure:
    if end != 19:
        body = _fit("hold_pressure", body, end, end, 19, (), on_extra)
    seq, t_ms, client, number, hold_mmhg, hold_s, flags = _hold_pressure_head(body)
    return _new(HoldPressure, (seq, t_ms, client, number, hold_mmhg, hold_s, flags))


def _encode_hold_pressure(m: HoldPressure) -> bytes:
    return _hold_pressure_pack(m.client, m.number, m.hold_mmhg, m.hold_s, m.flags)


_calibration_get_head = Struct("<2xHIIHB").unpack_from
_calibration_get_pack = Struct("<IHB").pack


def _decode_calibration_get(body: bytes, end: int, on_extra: OnExtra | None) -> CalibrationGet:
    if end != 15:
        body = _fit("calibration_get", body, end, end, 15, (), on_extra)
    seq, t_ms, client, number, kind = _calibration_get_head(body)
    return _new(CalibrationGet, (seq, t_ms, client, number, kind))


def _encode_calibration_get(m: CalibrationGet) -> bytes:
    return _calibration_get_pack(m.client, m.number, m.kind)


_calibration_set_head = Struct("<2xHIIHBIIii").unpack_from
_calibration_set_pack = Struct("<IHBIIii").pack


def _decode_calibration_set(body: bytes, end: int, on_extra: OnExtra | None) -> CalibrationSet:
    if end != 31:
        body = _fit("calibration_set", body, end, end, 31, (), on_extra)
    seq, t_ms, client, number, kind, days, due_days, zero, gain = _calibration_set_head(body)
    return _new(CalibrationSet, (seq, t_ms, client, number, kind, days, due_days, zero, gain))


def _encode_calibration_set(m: CalibrationSet) -> bytes:
    return _calibration_set_pack(m.client, m.number, m.kind, m.days, m.due_days, m.zero, m.gain)


_curve_set_head = Struct("<2xHIBIHII").unpack_from
_curve_set_pack = Struct("<BIHII").pack
_curve_set_item = Struct("<HH")


def _decode_curve_set(body: bytes, end: int, on_extra: OnExtra | None) -> CurveSet:
    start = 8 + body[8]
    head = body
    if start != 23 or end < 23:
        head = _fit("curve_set", body, start, end, 23, (), on_extra)
    seq, t_ms, _, client, number, days, due_days = _curve_set_head(head)
    if (end - start) % 4:
        raise _bad_run("curve_set", end - start, 4)
    return _new(
        CurveSet,
        (
            seq,
            t_ms,
            client,
            number,
            days,
            due_days,
            tuple(_curve_set_item.iter_unpack(body[start:end])),
        ),
    )


def _encode_curve_set(m: CurveSet) -> bytes:
    head = _curve_set_pack(15, m.client, m.number, m.days, m.due_days)
    return head + b"".join(_curve_set_item.pack(*item) for item in m.points)


_calibration_clear_head = Struct("<2xHIIHB").unpack_from
_calibration_clear_pack = Struct("<IHB").pack


def _decode_calibration_clear(body: bytes, end: int, on_extra: OnExtra | None) -> CalibrationClear:
    if end != 15:
        body = _fit("calibration_clear", body, end, end, 15, (), on_extra)
    seq, t_ms, client, number, kind = _calibration_clear_head(body)
    return _new(CalibrationClear, (seq, t_ms, client, number, kind))


def _encode_calibration_clear(m: CalibrationClear) -> bytes:
    return _calibration_clear_pack(m.client, m.number, m.kind)


MESSAGE_TYPES: dict[int, type[Message]] = {
    0x01: Hello,
    0x02: Heartbeat,
    0x10: OximetryReading,
    0x11: Ppg,
    0x12: CuffPressure,
    0x13: NibpResult,
    0x14: Oscillogram,
    0x20: Event,
    0x21: Alarm,
    0x22: Answer,
    0x23: SelftestProgress,
    0x24: SelftestValue,
    0x25: HeldPressure,
    0x26: CalibrationStored,
    0x80: Identify,
    0x81: Ping,
    0x82: CuffStart,
    0x83: Abort,
    0x84: Vent,
    0x85: SessionBegin,
    0x86: SessionEnd,
    0x87: SetLimits,
    0x88: SetInterval,
    0x89: Acknowledge,
    0x8A: AudioPause,
    0x8B: ConfigSet,
    0x8C: ConfigGet,
    0x8D: OscillogramGet,
    0x8E: ServiceEnter,
    0x8F: Reset,
    0x90: Observe,
    0x91: SelftestRun,
    0x92: HoldPressure,
    0x93: CalibrationGet,
    0x94: CalibrationSet,
    0x95: CurveSet,
    0x96: CalibrationClear,
}

# By type: (body, index of the CRC, told of unread bytes) -> message. The caller has checked CRC and version.
DECODERS: dict[int, Callable[[bytes, int, OnExtra | None], Message]] = {
    0x01: _decode_hello,
    0x02: _decode_heartbeat,
    0x10: _decode_oximetry_reading,
    0x11: _decode_ppg,
    0x12: _decode_cuff_pressure,
    0x13: _decode_nibp_result,
    0x14: _decode_oscillogram,
    0x20: _decode_event,
    0x21: _decode_alarm,
    0x22: _decode_answer,
    0x23: _decode_selftest_progress,
    0x24: _decode_selftest_value,
    0x25: _decode_held_pressure,
    0x26: _decode_calibration_stored,
    0x80: _decode_identify,
    0x81: _decode_ping,
    0x82: _decode_cuff_start,
    0x83: _decode_abort,
    0x84: _decode_vent,
    0x85: _decode_session_begin,
    0x86: _decode_session_end,
    0x87: _decode_set_limits,
    0x88: _decode_set_interval,
    0x89: _decode_acknowledge,
    0x8A: _decode_audio_pause,
    0x8B: _decode_config_set,
    0x8C: _decode_config_get,
    0x8D: _decode_oscillogram_get,
    0x8E: _decode_service_enter,
    0x8F: _decode_reset,
    0x90: _decode_observe,
    0x91: _decode_selftest_run,
    0x92: _decode_hold_pressure,
    0x93: _decode_calibration_get,
    0x94: _decode_calibration_set,
    0x95: _decode_curve_set,
    0x96: _decode_calibration_clear,
}

# By type: message -> payload.
ENCODERS: dict[int, Callable[[Any], bytes]] = {
    0x01: _encode_hello,
    0x02: _encode_heartbeat,
    0x10: _encode_oximetry_reading,
    0x11: _encode_ppg,
    0x12: _encode_cuff_pressure,
    0x13: _encode_nibp_result,
    0x14: _encode_oscillogram,
    0x20: _encode_event,
    0x21: _encode_alarm,
    0x22: _encode_answer,
    0x23: _encode_selftest_progress,
    0x24: _encode_selftest_value,
    0x25: _encode_held_pressure,
    0x26: _encode_calibration_stored,
    0x80: _encode_identify,
    0x81: _encode_ping,
    0x82: _encode_cuff_start,
    0x83: _encode_abort,
    0x84: _encode_vent,
    0x85: _encode_session_begin,
    0x86: _encode_session_end,
    0x87: _encode_set_limits,
    0x88: _encode_set_interval,
    0x89: _encode_acknowledge,
    0x8A: _encode_audio_pause,
    0x8B: _encode_config_set,
    0x8C: _encode_config_get,
    0x8D: _encode_oscillogram_get,
    0x8E: _encode_service_enter,
    0x8F: _encode_reset,
    0x90: _encode_observe,
    0x91: _encode_selftest_run,
    0x92: _encode_hold_pressure,
    0x93: _encode_calibration_get,
    0x94: _encode_calibration_set,
    0x95: _encode_curve_set,
    0x96: _encode_calibration_clear,
}
