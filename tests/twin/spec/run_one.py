# SPDX-License-Identifier: Apache-2.0
"""Runs every specification of one file under the interpreter it is started with: `run_one.py FILE`. A line each."""

import sys


def main(path):
    folder, name = path.replace("\\", "/").rsplit("/", 1)
    sys.path.insert(0, folder)
    __import__("double")  # finds the simulated board for all of them
    module = __import__(name[:-3])
    for item in dir(module):
        if not item.startswith("it_"):
            continue
        try:
            getattr(module, item)()
        except Exception as e:
            print("FAIL " + item)
            if hasattr(sys, "print_exception"):
                sys.print_exception(e)
            else:
                import traceback

                traceback.print_exception(e, file=sys.stdout)
        else:
            print("ok " + item)


main(sys.argv[1])
