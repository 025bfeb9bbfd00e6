# Two commands matter: `make run` and `make test`. Everything they need, they set up.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .peers
HOME_FILE ?= examples/casa-energy.toml
ARGS ?=
export PYTHONHASHSEED ?= 0

.PHONY: setup run test test-long check bench energy-year fuzz peers test-peers lock forget clean help

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

setup: $(VENV)/.run  ## a virtual environment with vettura in it

run: $(VENV)/.run  ## start vettura; more options in ARGS="--speed 600"
	@exec $(BIN)/vettura run $(HOME_FILE) $(ARGS)

test: $(VENV)/.dev  ## set everything up and run the tests
	@sh tools/debian.sh chromium mosquitto mosquitto-clients:mosquitto_pub
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

test-long: $(VENV)/.dev  ## tests that take minutes: 200 days on which things go wrong, 1,000 evenings at a fuse
	$(BIN)/python -m pytest -n auto --maxprocesses 4 -m long tests/house tests/energy $(ARGS)

check: $(VENV)/.dev  ## formatting, lint, types, borders between rooms, links in docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/links.py

bench: $(VENV)/.bench  ## beside FASTSim, a plain gRPC server, and Home Assistant if it is here
	$(BIN)/python bench/fastsim_cycles.py $(ARGS)
	$(BIN)/python bench/batch.py $(ARGS)
	$(BIN)/python bench/kuksa.py $(ARGS)
	$(BIN)/python bench/wallboxes.py $(ARGS)
	$(BIN)/python bench/scenes.py $(ARGS)
	$(BIN)/python bench/rehearsal.py $(ARGS)
	$(BIN)/python bench/evcc.py
	$(BIN)/python bench/homes.py
	-$(BIN)/python bench/emhass.py

energy-year: $(VENV)/.run  ## a year of charging for several homes and seeds; ARGS="--seeds 5 --slots 15"
	$(BIN)/python bench/energy_year.py $(ARGS)

fuzz: $(VENV)/.fuzz  ## a million malformed inputs for each face; fewer with ARGS="--inputs 10000"
	$(BIN)/python tools/fuzz.py --inputs 1000000 $(ARGS)

peers: $(VENV)/.run  ## environments for the outside programs that `make test-peers` runs
	@sh tools/debian.sh mosquitto mosquitto-clients:mosquitto_pub npm \
		iproute2:ip openjdk-17-jre-headless:java
	@sh tools/peers.sh $(PYTHON) $(PEERS)

test-peers: $(VENV)/.bench peers  ## tests beside real third-party programs
	$(BIN)/python -m pytest -m peer tests/peers $(ARGS)

lock: $(VENV)/.dev  ## write the hash-pinned locks anew
	sh tools/lock.sh

forget:  ## begin a new life: remove what the house remembers
	rm -rf .vettura

clean:  ## remove the virtual environments and caches; what the car remembers stays
	rm -rf $(VENV) $(PEERS) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache out

$(VENV)/bin/pip:
	@sh tools/venv.sh $(PYTHON) $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.fuzz: requirements-fuzz.lock $(VENV)/.dev
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-fuzz.lock
	@touch $@

$(VENV)/.bench: requirements-bench.lock $(VENV)/.dev
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@
