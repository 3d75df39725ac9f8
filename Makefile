# callscribe. `make` lists the targets; the two to begin with are `make demo` and `make test`.
.DEFAULT_GOAL := help
.PHONY: help demo local test test-fast fuzz simulate simulate-mutants simulate-stack proof test-dynamodb-local test-browser bench-viewer screenshots bench bench-ready bench-cold-start bench-copy bench-overhead bench-throughput bench-scale bench-cost bench-imports bench-command-line check gate figures format lint types audit validate build artifact lock clean setup

PYTHON ?= python3
# of each route; the daily suite tries 25
FUZZ_EXAMPLES ?= 1500
# each worker makes up its requests before its first test: left to `make test` and `make fuzz`
WITHOUT_SCHEMATHESIS := -p no:schemathesis --ignore=tests/unit/test_openapi.py
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r
# the tests' session needs neither; a user's AWS configuration must not leak into the local stack
export SAM_CLI_TELEMETRY := 0
# a hundred short-lived processes would each compile every module anew
unexport PYTHONDONTWRITEBYTECODE

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.local .venv-ministack/.done ## a simulated call becomes a transcript, on this machine, no account
	@.venv/bin/python -m cli.demo $(ARGS)

local: .venv/.local .venv-ministack/.done ## the whole stack on this machine, until Ctrl-C
	@.venv/bin/python -m local $(ARGS)

# each worker has a stack of its own; ARGS="--randomly-seed=N" repeats an order that was printed
test: .venv/.dev .venv-ministack/.done ## all tests, in parallel and in random order
	.venv/bin/python -m pytest -n auto $(ARGS)

test-fast: .venv/.dev ## the inner loop: unit tests and a few hundred simulated calls, under half a minute
	FUZZ_EXAMPLES=5 .venv/bin/python -m pytest tests/unit -q -n logical $(WITHOUT_SCHEMATHESIS) $(ARGS)
	@env PYTHONPATH=layers/callscribe .venv/bin/python -m simulation --calls 300 --singles-every 0 --quiet

fuzz: .venv/.dev ## made-up requests by the ten thousand: no 5xx, and no write that was not allowed
	FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) .venv/bin/python -m pytest -q -n auto tests/unit/test_openapi.py tests/unit/test_hostile_input.py tests/unit/test_fuzz_callbacks.py tests/simulation/test_histories.py $(ARGS)

simulate: .venv/.dev ## thousands of simulated calls with every fault: is any promise broken?
	@env PYTHONPATH=layers/callscribe .venv/bin/python -m simulation $(ARGS)

simulate-mutants: .venv/.dev ## bugs planted on purpose: the simulation must find every one
	@env PYTHONPATH=layers/callscribe .venv/bin/python -m simulation.mutants

simulate-stack: .venv/.dev .venv-ministack/.done ## hundreds of calls through the whole local stack, processes killed at random
	@env PYTHONPATH=layers/callscribe .venv/bin/python -m simulation.stack $(ARGS)

bench: bench-ready ## everything that is measured, into bench/results.json and docs/performance/
	@env PYTHONPATH=layers/callscribe .venv/bin/python -m bench

bench-ready: .venv/.dev .venv-ministack/.done .venv-lambda/.done build

bench-cold-start: bench-ready ## cold starts of the built artifact, in instructions
	@env PYTHONPATH=layers/callscribe .venv/bin/python -m bench cold-start

bench-copy: bench-ready ## audio from Twilio to S3 beside two plain sockets
	@env PYTHONPATH=layers/callscribe .venv/bin/python -m bench copy

bench-overhead: bench-ready ## what callscribe adds, step by step
	@env PYTHONPATH=layers/callscribe .venv/bin/python -m bench overhead

bench-throughput: bench-ready ## calls a minute; callbacks beside a tutorial's Django view
	@env PYTHONPATH=layers/callscribe .venv/bin/python -m bench throughput

bench-scale: bench-ready ## reads at a thousand to a million items
	@env PYTHONPATH=layers/callscribe .venv/bin/python -m bench scale

bench-cost: bench-ready ## what a call costs at AWS
	@env PYTHONPATH=layers/callscribe .venv/bin/python -m bench cost

bench-imports: bench-ready ## how many recordings an hour an import takes in
	@env PYTHONPATH=layers/callscribe .venv/bin/python -m bench imports

bench-command-line: .venv/.dev ## how soon `callscribe` answers
	@env PYTHONPATH=layers/callscribe .venv/bin/python -m bench command-line

test-dynamodb-local: .venv/.dev .venv-ministack/.done ## the stores' contract on Amazon's DynamoDB Local (Java, npm; its licence asks for an AWS account)
	@scripts/dynamodb-local/run $(ARGS)

test-browser: .venv/.browser ## the viewer and the page behind a link in a real Chromium, with axe; on Debian it installs the browser
	@browser="$$(scripts/browser)" && CHROMIUM="$$browser" .venv/bin/python -m pytest -n logical tests/viewer/test_browser.py tests/viewer/test_share_page.py $(ARGS)

bench-viewer: .venv/.browser ## how fast the viewer opens 40,000 words and lights one of them
	@browser="$$(scripts/browser)" && CHROMIUM="$$browser" .venv/bin/python -m tests.viewer.measure

screenshots: .venv/.browser .venv-ministack/.done ## docs/pictures/ anew, of the viewer before the local stack
	@browser="$$(scripts/browser)" && CHROMIUM="$$browser" .venv/bin/python -m scripts.screenshots

check: test test-browser gate ## everything that CI checks

gate: lint types audit proof validate build artifact ## what CI checks besides `make demo`, `make test` and `make test-browser`

proof: ## what the gate makes up: requests, calls (a new seed each time), every planted bug, the whole stack
	@$(MAKE) --no-print-directory fuzz FUZZ_EXAMPLES=300
	@$(MAKE) --no-print-directory simulate ARGS="--calls 1000 --singles-every 50"
	@$(MAKE) --no-print-directory simulate-mutants
	@$(MAKE) --no-print-directory simulate-stack ARGS="--calls 120"

setup: .venv/.dev .venv-ministack/.done .venv-tools/.done .venv-audit/.done ## every environment, without running anything

format: .venv/.dev ## format the code
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

lint: .venv/.dev ## format and lint rules hold
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .

types: .venv/.dev ## mypy, strict
	.venv/bin/mypy

figures: .venv/.dev ## the shape of the code beside its aims; ARGS="--places" or "--against COMMIT"
	@.venv/bin/python -m scripts.figures $(ARGS)

audit: .venv/.dev .venv-audit/.done ## what ships to Lambda and to users, by bandit, checkov and pip-audit; every suppression has its reason
	.venv-audit/bin/bandit --quiet --recursive layers functions callscribe_cli
	@.venv-audit/bin/python scripts/audit.py

validate: .venv-tools/.done ## the template, by SAM and cfn-lint, offline
	.venv-tools/bin/sam validate --lint --region us-east-1

build: .venv-tools/.done ## the artifact that `sam deploy` ships
	folder="$$(scripts/find-python 3.13)" && PATH="$$folder:$$PATH" .venv-tools/bin/sam build

artifact: .venv/.dev .venv-ministack/.done .venv-tools/.done .venv-lambda/.done ## every function of the built artifact, invoked; the command, installed
	.venv/bin/python -m pytest tests/artifact -n auto --dist loadfile $(ARGS)

lock: .venv-tools/.done ## resolve pyproject.toml's groups anew into requirements/
	scripts/lock

clean: ## everything that the targets above made
	rm -rf .venv .venv-* .aws-sam .dynamodb-local .demo .local .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/.local: requirements/local.txt
	@scripts/make-venv $(PYTHON) .venv
	@.venv/bin/python $(PIP_INSTALL) $<
	@touch $@

.venv/.dev: requirements/dev.txt
	@scripts/make-venv $(PYTHON) .venv
	@.venv/bin/python $(PIP_INSTALL) $<
	@touch $@

.venv/.browser: requirements/browser.txt .venv/.dev
	@.venv/bin/python $(PIP_INSTALL) $<
	@touch $@

.venv-ministack/.done: requirements/ministack.txt
	@scripts/make-venv $(PYTHON) .venv-ministack
	@.venv-ministack/bin/python $(PIP_INSTALL) $<
	@touch $@

.venv-tools/.done: requirements/tools.txt
	@scripts/make-venv $(PYTHON) .venv-tools
	@.venv-tools/bin/python $(PIP_INSTALL) $<
	@touch $@

.venv-audit/.done: requirements/audit.txt
	@scripts/make-venv $(PYTHON) .venv-audit
	@.venv-audit/bin/python $(PIP_INSTALL) $<
	@touch $@

# what Lambda's own runtime brings, on the interpreter that Lambda runs
.venv-lambda/.done: requirements/lambda.txt
	@folder="$$(scripts/find-python 3.13)" && scripts/make-venv "$$folder/python3.13" .venv-lambda
	@.venv-lambda/bin/python $(PIP_INSTALL) $<
	@touch $@
