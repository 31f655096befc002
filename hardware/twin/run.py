# SPDX-License-Identifier: Apache-2.0
"""Starts a simulated board and serves its control connection; see README.md beside this file.

python -m micropython_unix -X heapsize=8M run.py --connect HOST:PORT --token HEX --options JSON
"""

import json
import os
import sys

USAGE = """usage: run.py --connect HOST:PORT [--token HEX] [--options JSON]
       run.py --list-faults | --list-patients | --list-boards"""


class RefusedError(Exception):
    """The arguments cannot be used; the message says why."""


def _absolute(path):
    if path.startswith("/") or path[1:2] == ":":
        return path
    return os.getcwd() + "/" + path


def _here():
    path = _absolute(__file__.replace("\\", "/"))
    return path.rsplit("/", 1)[0]


HERE = _here()
ROOT = HERE + "/../.."

sys.path.insert(0, HERE)
if sys.implementation.name != "micropython":
    sys.path.append(HERE + "/cpython")

DEFAULTS = {
    "board": "pico",
    "patient": "calm",
    "ppg": None,
    "cuff": None,
    "cuff_on": "arm",
    "tolerance": None,
    "seed": 1,
    "serial": "SIM00001",
    "faults": [],
    "flash": None,
    "firmware": None,
    "whole": False,
    "cause": "power_on",
}
AT_PROMPT = "at the prompt"  # said where firmware has left the interpreter's prompt to a whole board


def parse_arguments(words):
    """{"connect", "token", "options"} or {"list"} from the command line. Raises RefusedError."""
    found = {"connect": None, "token": "", "options": "{}", "list": None}
    i = 0
    while i < len(words):
        word = words[i]
        if word in ("--list-faults", "--list-patients", "--list-boards"):
            found["list"] = word[7:]
        elif word in ("--connect", "--token", "--options"):
            if i + 1 >= len(words):
                raise RefusedError("%s wants a value" % word)
            i += 1
            found[word[2:]] = words[i]
        else:
            raise RefusedError("'%s' is not known here" % word)
        i += 1
    if found["list"] is None and found["connect"] is None:
        raise RefusedError("--connect HOST:PORT is missing: the board serves a host, it does not run alone")
    return found


def parse_options(text):
    """The options with defaults; `text` is JSON, or `@` and a file with it. Raises RefusedError."""
    try:
        if text.startswith("@"):
            with open(text[1:]) as f:
                text = f.read()
        given = json.loads(text)
    except (ValueError, OSError):
        raise RefusedError("--options is not JSON: %s" % text)
    if not isinstance(given, dict):
        raise RefusedError("--options must be a JSON object, not %s" % text)
    options = dict(DEFAULTS)
    for name in given:
        if name in ("interpreter", "speed", "ppg_channel"):
            continue  # the host's own, passed along
        if name not in DEFAULTS:
            raise RefusedError("there is no option '%s'; there are: %s" % (name, ", ".join(sorted(DEFAULTS))))
        options[name] = given[name]
    if not isinstance(options["seed"], int) or not 0 <= options["seed"] < 1 << 32:
        raise RefusedError("option 'seed' must be a whole number from 0 to 4294967295")
    if options["tolerance"] is not None and (
        not isinstance(options["tolerance"], int) or not 0 <= options["tolerance"] < 1 << 32
    ):
        raise RefusedError("option 'tolerance' must be a whole number from 0 to 4294967295")
    if not isinstance(options["serial"], str) or not options["serial"].startswith("SIM"):
        raise RefusedError("option 'serial' must begin with SIM, so that nobody takes simulated numbers for real ones")
    if options["whole"] and (options["flash"] is None or sys.implementation.name != "micropython"):
        raise RefusedError("option 'whole' needs a 'flash' with an image, and MicroPython")
    for name in ("ppg", "cuff", "flash", "firmware"):
        if options[name] is not None and not isinstance(options[name], str):
            raise RefusedError("option '%s' must be a path" % name)
        if options[name] is not None:
            options[name] = _absolute(options[name])
    return options


def patient_names():
    """Names of the patients that there are."""
    return sorted(name[:-5] for name in os.listdir(HERE + "/world/patients") if name.endswith(".json"))


def load_patient(name):
    """A patient's JSON as a dict. Raises RefusedError."""
    if name not in patient_names():
        raise RefusedError("there is no patient '%s'; there are: %s" % (name, ", ".join(patient_names())))
    with open(HERE + "/world/patients/" + name + ".json") as f:
        return json.load(f)


def print_list(what):
    """One line each."""
    if what == "faults":
        from board.faults import listing

        for line in listing():
            print(line)
    elif what == "patients":
        for name in patient_names():
            print("%s\t%s" % (name, load_patient(name).get("description", "")))
    else:
        from board.ports import PORTS

        for name in sorted(PORTS):
            print("%s\t%s" % (name, PORTS[name].machine_name))


def make_board(options):
    """A simulated board in its world, with its flash and its faults. Raises RefusedError."""
    from board import faults, machine
    from board.flash import make_flash
    from board.pins import read_pinout
    from board.ports import PORTS
    from board.simulated import SimulatedBoard
    from world.world import World

    if options["board"] not in PORTS:
        raise RefusedError("there is no board '%s'; there are: %s" % (options["board"], ", ".join(sorted(PORTS))))
    port = PORTS[options["board"]]()
    try:
        patient = load_patient(options["patient"])
        world = World(patient, options["seed"], options["ppg"], options["cuff"], options["cuff_on"])
        wiring = read_pinout(ROOT + "/hardware/pinout.csv", options["board"])
        board = SimulatedBoard(port, world, wiring, options["serial"], options["seed"])
        if options["tolerance"] is not None:
            from board import tolerance

            tolerance.draw(board, options["tolerance"])
        board.flash = make_flash(board, options["flash"])
        for fault in options["faults"]:
            if not isinstance(fault, list) or len(fault) not in (2, 3):
                raise RefusedError("a fault in the options is [name, seconds] or [name, seconds, {arguments}]")
            faults.schedule(board, fault[0], int(fault[1] * 1000000), fault[2] if len(fault) == 3 else {})
    except (ValueError, TypeError, OSError) as problem:
        raise RefusedError(str(problem))
    machine.attach(board)
    sys.modules["machine"] = machine
    return board


def serve(arguments):
    """Runs the board until the host is gone, or a whole one until its prompt. Raises RefusedError."""
    options = parse_options(arguments["options"])
    from board.control import Control, HostGone, connect
    from board.firmware import AtPrompt, Firmware, prepare_path
    from board.interpreter import name_the_board

    board = make_board(options)
    folder = board.flash.storage_path[:-1] if options["whole"] else options["firmware"] or ROOT + "/firmware"
    try:
        os.stat(folder + "/boot.py")
    except OSError:
        if not options["whole"]:
            raise RefusedError("there is no firmware in %s: no boot.py" % folder)
    try:
        connection = connect(arguments["connect"])
    except ValueError as problem:
        raise RefusedError(str(problem))
    control = Control(board, connection)
    about = {"token": arguments["token"], "interpreter": sys.implementation.name}
    about["version"] = ".".join(str(part) for part in sys.implementation.version[:3])
    for name in ("board", "serial", "patient", "seed"):
        about[name] = options[name]
    try:
        control.hello(about)
        prepare_path(folder)
        name_the_board(board.port)
        os.chdir(board.flash.storage_path)
        Firmware(board, folder, options["board"], options["whole"]).run(options["cause"])
    except AtPrompt:
        control.end()
        sys.stderr.write(AT_PROMPT + "\n")
    except HostGone:
        pass
    finally:
        connection.close()
        os.chdir(HERE)


def main(words):
    """The process's exit code."""
    try:
        arguments = parse_arguments(words)
        if arguments["list"] is not None:
            print_list(arguments["list"])
        else:
            serve(arguments)
    except RefusedError as problem:
        sys.stderr.write("run.py: %s.\n%s\n" % (problem, USAGE))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
