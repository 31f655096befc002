// SPDX-License-Identifier: Apache-2.0
// Plays a tape to the firmware in the WebAssembly build of MicroPython.
// usage: node play.mjs FIRMWARE PLAYER.mpy TAPE LOOK_EVERY_MS (how often to collect and look at what is in use)
import fs from "node:fs";
import path from "node:path";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const [firmware, player, tape, lookEveryMs] = process.argv.slice(2);
const mp = await loadMicroPython({ heapsize: 512 * 1024, linebuffer: true, stdout: (line) => console.log(line) });

function copy(from, to) {
  mp.FS.mkdir(to);
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    if (entry.name === "__pycache__") continue;
    const [a, b] = [path.join(from, entry.name), `${to}/${entry.name}`];
    if (entry.isDirectory()) copy(a, b);
    else mp.FS.writeFile(b, fs.readFileSync(a));
  }
}

copy(firmware, "/firmware");
mp.FS.mkdir("/flash");
mp.FS.writeFile("/play_tape.mpy", fs.readFileSync(player));
mp.FS.writeFile("/session.tape", fs.readFileSync(tape));

// The collector of this build does its work only when Python has returned to JavaScript.
function collected(python) {
  mp.runPython("gc.collect()");
  mp.runPython(python);
}

try {
  mp.runPython(`
import builtins, gc, json, sys

# Emscripten has error numbers of its own: its 44 is "no such file", which is 2 on a board.
_open = builtins.open
def open_as_on_a_board(path, mode="r"):
    try:
        return _open(path, mode)
    except OSError as e:
        raise OSError(2 if e.errno == 44 else e.errno)
builtins.open = open_as_on_a_board

sys.path.insert(0, "/")
import play_tape
`);
  collected('session = play_tape.Session("/firmware", "/session.tape", "/flash/")');
  mp.runPython("session.load()");
  collected("session.is_ready()");
  mp.runPython("going = True");
  while (mp.globals.get("going")) {
    mp.runPython(`going = session.turns(${Number(lookEveryMs)})`);
    collected("session.look()");
  }
  mp.runPython("print(json.dumps(session.report()))");
} catch (error) {
  console.error(String(error.message).slice(0, 2000));
  process.exit(1);
}
