# The commands of this project. Each sets up first what it needs and does not find (see tools/setup/README.md).

PYTHON ?= python3
# Sources and reports are UTF-8, whatever the machine's locale.
export PYTHONUTF8 := 1
PY := .venv/bin/python
# The board of make image: a folder of firmware/boards; DEBUG=1 keeps line numbers.
BOARD ?= UPLINK_PICO
DEBUG ?=
# How many tests run at the same time: a number, or one for each core.
JOBS ?= auto
# More options for pytest: make test ARGS="-k ring".
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test run image lint format sizes diagram package.json clean board provision bench
.PHONY: root-ca
# The targets start programs that talk to each other; they gain nothing from make's own -j.
.NOTPARALLEL:

help:
	@echo "make demo               the main job: firmware, virtual modem, broker, live on this terminal"
	@echo "make demo N=5           the same, ended by five acknowledged messages"
	@echo "make demo MODEM=m95     the same with another virtual modem: m10 … m95, le910c1, me310g1 …"
	@echo "make demo TARGET=board  the same with the firmware's image on an emulated RP2040"
	@echo "make board              that board alone with a virtual modem: mpremote works on the pty that it prints"
	@echo "make run UART=/dev/ttyUSB0 CONFIG=uplink.json"
	@echo "                        the firmware on this PC against a real modem, or any pty"
	@echo "make image BOARD=UPLINK_PICO    build/UPLINK_PICO/uplink.uf2, and what it takes, by module"
	@echo "make sizes              the same: it ends with the bytes of flash and RAM, file by file, and the budget"
	@echo "make provision PORT=/dev/ttyACM0 CONFIG=uplink.json CA=ca/ ID=pump-7"
	@echo "                        configuration and certificates onto a board (CA and ID as you need them)"
	@echo "make root-ca HOST=broker.example.org:8883"
	@echo "                        the root certificate that verifies that server, for tls.ca, into ca.crt"
	@echo "make test               all tests (ARGS=\"-k ring\" passes options to pytest, JOBS=1 runs one at a time)"
	@echo "make bench              what it costs on the emulated board, beside its peers (ARGS=--save keeps the figures)"
	@echo "make lint               style, types and mpy-cross alone;  make format  applies the style"
	@echo "make diagram            the power machine and the recovery ladder, drawn from their tables"
	@echo "make setup              only set up: Debian packages, .venv, MicroPython"
	@echo "make package.json       list lib/ anew for mip"
	@echo "make clean              delete what was made in this folder (the user's cache stays)"

setup:
	@$(PYTHON) -m tools.setup

demo:
	@$(PYTHON) -m tools.setup demo $(if $(filter board,$(TARGET)),node image)
	@$(PY) -m tools.demo $(if $(N),-n $(N)) $(if $(MODEM),--modem $(MODEM)) $(if $(TARGET),--target $(TARGET)) $(ARGS)

board:
	@$(PYTHON) -m tools.setup python node image
	@$(PY) -m tools.board $(if $(IMAGE),--image $(IMAGE)) $(ARGS)

run:
	@$(PYTHON) -m tools.setup demo
	@$(PY) -m tools.run $(if $(UART),--uart $(UART)) $(if $(CONFIG),--config $(CONFIG)) $(ARGS)

image:
	@$(PYTHON) -m tools.image $(BOARD) $(if $(DEBUG),--debug)

provision:
	@$(PYTHON) -m tools.setup python
	@$(PY) -m tools.provision $(PORT) $(if $(CONFIG),--config $(CONFIG)) $(if $(CA),--ca $(CA)) $(if $(ID),--id $(ID)) $(if $(PORT),,--check) $(ARGS)

root-ca:
	@$(PYTHON) -m tools.setup python
	@$(PY) -m tools.rootca $(HOST) $(ARGS)

test: setup
	@$(PY) -m pytest -n $(JOBS) $(ARGS)

bench: setup
	@$(PY) -m tests_host.bench $(ARGS)

lint: setup
	@$(PY) -m pytest -q tests_host/test_style.py tests_host/test_layers.py $(ARGS)

format: setup
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

sizes: image

diagram: setup
	@$(PY) -m tools.diagram $(ARGS)

package.json:
	@$(PYTHON) -m tools.setup package

clean:
	rm -rf build .venv .pytest_cache .hypothesis .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
