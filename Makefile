# SPDX-License-Identifier: Apache-2.0
# Needs Python 3.11 or newer (with venv), make and pip. Everything else goes into .venv beside this file.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
ACCURACY := $(VENV)/.installed-accuracy
OUT ?=
BOARD ?= pico
PAGE ?=
ONLY ?=
DATASETS ?= ../shared/datasets
PYTEST_ARGS ?=
MINUTES ?=

MUTATION := $(VENV)/.installed-mutation
HARDWARE := $(VENV)/.installed-hardware
INTEROP := $(VENV)/.installed-interop
DOCS := $(VENV)/.installed-docs

.PHONY: help setup setup-accuracy setup-interop docs demo test test-all lint format bench stream-day accuracy alarms mutation screens hardware setup-hardware erc firmware protocol power-cuts selftest-evidence clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /|/' | while IFS='|' read -r t d; do printf '%-15s %s\n' "$$t" "$$d"; done

setup: $(STAMP) ## make .venv with everything in it

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Vitalwire needs Python 3.11 or newer and found: $$($(PYTHON) --version). Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@echo "Setting up $(VENV) (once)..." >&2
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## a simulated esketamine session of 30 minutes, at full speed
	@$(PY) -m vitalwire.cli.demo $(if $(OUT),--out $(OUT))

test: $(STAMP) ## the fast tests (within 5 minutes on two cores)
	@$(PY) -m pytest -n 2 --dist worksteal $(PYTEST_ARGS)

test-all: $(STAMP) ## every test, the slow ones too
	@$(PY) -m pytest -n 2 --dist worksteal -m 'slow or not slow' $(PYTEST_ARGS)

lint: $(STAMP) ## style, types, and that generated files are current
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@cd protocol && ../$(PY) -m vitalwire_protocol.generate --check
	@cd hardware && ../$(PY) -m generate --check

format: $(STAMP) ## format the code
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

firmware: $(STAMP) ## compile the firmware for a board into out/firmware-BOARD (BOARD=pico, pico2 or esp32s3)
	@rm -rf out/firmware-$(BOARD)
	@$(PY) -m vitalwire.service.compiled $(BOARD) out/firmware-$(BOARD)

protocol: $(STAMP) ## generate everything that follows from protocol/vitalwire_protocol/messages.py
	@cd protocol && ../$(PY) -m vitalwire_protocol.generate

bench: $(STAMP) ## measure speed, memory and latency (OUT=file.json: one object a line)
	@$(PY) tests/benchmarks/run.py $(if $(OUT),--out $(OUT))

stream-day: $(STAMP) ## a simulated day to a broker that comes and goes (MINUTES=1440); needs mosquitto
	@$(PY) tests/benchmarks/stream_day.py --minutes $(or $(MINUTES),1440)

setup-accuracy: $(ACCURACY) ## add what only the accuracy bench needs

$(ACCURACY): $(STAMP)
	@echo "Setting up what the accuracy bench compares with (once)..." >&2
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[accuracy]'
	@touch $@

accuracy: $(ACCURACY) ## measure against recordings (DATASETS=dir OUT=file.json PAGE=file.html ONLY="part set record ...")
	@$(PY) tests/accuracy/run.py --datasets '$(DATASETS)' $(if $(OUT),--out '$(OUT)') $(if $(PAGE),--page '$(PAGE)') \
	  $(foreach name,$(ONLY),--only '$(name)')

alarms: $(STAMP) ## what the profiles' alarms do on recorded vitals (DATASETS=dir OUT=file.json)
	@$(PY) tests/accuracy/alarm_evidence.py --datasets '$(DATASETS)' $(if $(OUT),--out '$(OUT)')

screens: $(STAMP) ## draw the pictures of the live screen into host/screens
	@$(PY) host/screens/draw.py

setup-interop: $(INTEROP) ## add what only the tests of streams, exports and recipes talk to

$(INTEROP): $(STAMP)
	@echo "Setting up the counterparts of streams and exports (once)..." >&2
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[interop]'
	@touch $@

docs: $(DOCS) ## build the documentation site into out/site
	@$(PY) -m mkdocs build --strict --quiet
	@echo "out/site/index.html" >&2

$(DOCS): $(STAMP)
	@echo "Setting up what the documentation site needs (once)..." >&2
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

setup-hardware: $(HARDWARE) ## add what only the circuit's netlist needs

$(HARDWARE): $(STAMP)
	@echo "Setting up what the circuit's netlist needs (once)..." >&2
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[hardware]'
	@touch $@

erc: $(HARDWARE) ## check the circuit against the electrical rules
	@cd hardware && ../$(PY) -m circuit.erc

hardware: $(HARDWARE) ## write what follows from hardware/, and check rules, set-points and (with ngspice) the simulation
	@cd hardware && ../$(PY) -m circuit.erc --netlist circuit/netlist.txt
	@cd hardware && ../$(PY) -m generate
	@cd hardware && ../$(PY) -m circuit.setpoints
	@if command -v ngspice >/dev/null; then cd hardware && ../$(PY) -m circuit.simulate; \
	  else echo "hardware: the simulation was NOT run, ngspice is not installed (Debian: apt-get install ngspice)" >&2; fi

$(MUTATION): $(STAMP)
	@echo "Setting up what the mutation tests need (once)..." >&2
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable '.[mutation]'
	@touch $@

mutation: $(MUTATION) ## change every limit of the profiles, and the code that judges, by one step: does a test notice?
	@$(PY) tests/mutation/profiles.py
	@$(PY) tests/mutation/code.py

power-cuts: $(STAMP) ## take the power at every byte of a flash, kill the host 200 times: is anything lost? (OUT=file.json)
	@$(PY) tests/power_cuts/run.py --step 1 $(if $(OUT),--out '$(OUT)')

selftest-evidence: $(STAMP) ## each fault against the self-test that should find it, and 200 healthy boards (OUT=file.json)
	@$(PY) tests/selftest_evidence/evidence.py $(if $(OUT),--out '$(OUT)')

clean: ## remove .venv, caches and out/
	@rm -rf $(VENV) out .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
