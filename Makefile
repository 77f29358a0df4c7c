# Everything that the project does, a target each. `make` lists them.
# Invariant: whatever a target needs beyond Rust, Node, Python and make is installed into .tools, pinned.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

NEXTEST_VERSION := 0.9.143
DENY_VERSION := 0.20.2
CARGO_LAMBDA_VERSION := 1.9.2

PYTHON := .tools/venv/bin/python
STACK := target/debug/local-stack
NEXTEST := $(shell command -v cargo-nextest || echo .tools/cargo/bin/cargo-nextest)
DENY := $(shell command -v cargo-deny || echo .tools/cargo/bin/cargo-deny)
CARGO_LAMBDA := .tools/lambda/bin/cargo-lambda
FUNCTIONS := $(notdir $(wildcard crates/functions/*) $(patsubst %/collector.json,%,$(wildcard crates/collectors/*/collector.json)))
SYNTH_SOURCES := $(wildcard infra/polo/*.json infra/polo/bin/*.ts infra/polo/lib/*.ts infra/polo/lib/*/*.ts infra/roles/*.json crates/collectors/*/collector.json \
	crates/lib/store/migrations/*.sql crates/collectors/*/migrations/*.sql)
# What synth and deploy work on. Not infra/polo/cdk.out: that is the local stack's.
SETTINGS ?= infra/polo/settings/example.json
OUT ?= target/synth
STACKS ?= *-polo-data *-polo
TSX := infra/polo/node_modules/.bin/tsx
CDK := infra/polo/node_modules/.bin/cdk

export CDK_DISABLE_CLI_TELEMETRY := 1
# Clippy lints the workspace while it is compiled. A separate `cargo clippy` would check every dependency a second time.
export RUSTC_WORKSPACE_WRAPPER := $(shell command -v clippy-driver)
# What people give is read by recipes as "$$NAME": pasted into a command, a blank or a semicolon in it would be the shell's.
export OUT SETTINGS STACKS

.PHONY: help run check-once built test up down fire status watch build synth deploy cost fmt lint test-rust test-infra test-local-aws test-templates build-dev bench tools clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

run: check-once up ## The main job on an example organization; ONCE=1 ends after the first collection
	@$(STACK) run $(if $(filter 1,$(ONCE)),--once)

check-once:
	@case "$${ONCE:-}" in ""|0|1) ;; *) printf 'ONCE is "%s": write 1 to end after the first collection, or leave it out\n' "$$ONCE" >&2; exit 2;; esac

up: .tools/venv/.stamp .tools/node/.stamp infra/polo/cdk.out/.stamp build-dev ## Start the local stack with an empty AWS
	@$(STACK) up

down: ## Stop the local stack
	@if [ -x $(STACK) ]; then $(STACK) down; else echo "The local stack was never built, so nothing runs."; fi

status: ## What runs where
	@$(MAKE) -s built
	@$(STACK) status

fire: ## Fire a schedule: make fire SCHEDULE=daily-sweep
	@[ -n "$${SCHEDULE:-}" ] || { echo "SCHEDULE is missing: name the schedule, like make fire SCHEDULE=daily-sweep" >&2; exit 2; }
	@$(MAKE) -s built
	@$(STACK) fire -- "$$SCHEDULE"

watch: up .tools/lambda/.stamp ## cargo lambda watch on the local stack: edit, invoke, repeat
	@$(STACK) watch-env
	PATH="$(CURDIR)/.tools/lambda/bin:$$PATH" cargo lambda watch -A 127.0.0.1 -P 19000 --env-file .local/watch.env

build: export RUSTC_WORKSPACE_WRAPPER :=
build: ## Release binaries of all functions into target/lambda; ARCH=arm64 for Graviton
	@case "$${ARCH:-}" in ""|x86_64|arm64) ;; *) printf 'ARCH is "%s": write x86_64 or arm64\n' "$$ARCH" >&2; exit 2;; esac
	@$(MAKE) -s .tools/lambda/.stamp
	PATH="$(CURDIR)/.tools/lambda/bin:$$PATH" cargo lambda build --release --locked $(if $(ARCH),$(if $(filter arm64,$(ARCH)),--arm64,--x86-64)) $(addprefix -p ,$(FUNCTIONS))

synth: infra/polo/node_modules/.stamp ## CloudFormation templates into target/synth, offline: make synth SETTINGS=file.json
	@$(TSX) infra/polo/bin/synth.ts "$$SETTINGS" "$$OUT"

deploy: ## Deploy what synth writes, with your AWS credentials: make deploy SETTINGS=file.json STACKS="prod-polo-data prod-polo"
	@[ "$(origin SETTINGS)" != file ] || { echo "SETTINGS is missing: name your settings, like make deploy SETTINGS=prod.json" >&2; exit 2; }
	@$(MAKE) -s infra/polo/node_modules/.stamp
	@$(TSX) infra/polo/bin/synth.ts "$$SETTINGS" "$$OUT" --to-deploy
	@set -f; $(CDK) deploy --no-notices --app "$$OUT" $$STACKS

cost: ## What a deployment costs a month: make cost ACCOUNTS=250 SETTINGS=file.json
	@[ -n "$${ACCOUNTS:-}" ] || { echo "ACCOUNTS is missing: say for how many accounts, like make cost ACCOUNTS=250" >&2; exit 2; }
	@$(MAKE) -s infra/polo/node_modules/.stamp
	@$(TSX) infra/polo/bin/cost.ts "$$ACCOUNTS" "$$SETTINGS"

test: ## Every check there is; CI runs the same
	@$(MAKE) -j4 lint .tools/venv/.stamp .tools/lambda/.stamp infra/polo/node_modules/.stamp
	@$(MAKE) test-rust
	@$(MAKE) -j2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) test-infra test-local-aws test-templates

fmt: ## Format the code
	cargo fmt --all

lint: $(DENY) .tools/node/.stamp ## Formatting, circles of imports, clippy, licences and sources
	cargo fmt --all --check
	python3 tests/circles.py
	@[ -n "$$RUSTC_WORKSPACE_WRAPPER" ] || { echo "clippy is missing: install it with rustup component add clippy" >&2; exit 2; }
	@echo "building with clippy (the AWS SDK takes some minutes the first time)"
	@cargo fetch --locked --quiet
	@said=$$(cargo build --workspace --all-targets --locked --quiet 2>&1) && [ -z "$$said" ] || { printf '%s\n' "$$said" >&2; exit 1; }
	$(DENY) --locked check --hide-inclusion-graph bans licenses sources

test-rust: $(NEXTEST) .tools/venv/.stamp .tools/node/.stamp .tools/lambda/.stamp infra/polo/cdk.out/.stamp build-dev ## Unit, store, fault and end-to-end tests
	@# One more than there are processors, because tests also wait: for the engine, for processes and for time.
	$(NEXTEST) nextest run --workspace --locked --test-threads $$(( $$(getconf _NPROCESSORS_ONLN) + 1 ))
	@python3 tests/slowest.py target/nextest/default/junit.xml

test-infra: infra/polo/node_modules/.stamp ## Types and templates of the CDK app
	npm --prefix infra/polo run --silent check
	npm --prefix infra/polo run --silent test

test-local-aws: .tools/venv/.stamp ## The local AWS refuses what AWS refuses
	$(PYTHON) -m unittest discover -s infra/local/aws/tests

test-templates: .tools/checks/.stamp infra/polo/cdk.out/.stamp ## cfn-lint on every template, parliament on the member roles
	.tools/checks/bin/python infra/local/checks/templates.py

bench: build-dev ## Rows read and time of every decision, beside its budget: make bench SIZES="1000x1 1000x30"
	@set -f; cargo bench --quiet --workspace --bench bench --profile dev --locked -- $${SIZES:-}

built:
	@[ -x $(STACK) ] || { echo "the local stack was never built: start it with make up" >&2; exit 1; }

build-dev:
	@echo "building (the AWS SDK takes some minutes the first time)"
	@cargo build --workspace --bins --locked --quiet

tools: .tools/venv/.stamp .tools/node/.stamp infra/polo/node_modules/.stamp $(NEXTEST) $(DENY) ## Install what is missing

clean: down ## Remove what was built and installed
	rm -rf .local .tools target infra/polo/node_modules infra/polo/cdk.out

.tools/venv/.stamp: infra/local/requirements.txt
	@echo "installing the local AWS (moto) into .tools/venv"
	@python3 -m venv .tools/venv
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.tools/checks/.stamp: infra/local/checks/requirements.txt
	@echo "installing cfn-lint and parliament into .tools/checks"
	@python3 -m venv .tools/checks
	@.tools/checks/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.tools/node/.stamp: infra/local/package.json infra/local/package-lock.json infra/local/.npmrc
	@echo "installing the embedded ClickHouse into .tools/node"
	@mkdir -p .tools/node
	@cp $^ .tools/node/
	@npm ci --prefix .tools/node --no-audit --no-fund --silent
	@touch $@

infra/polo/node_modules/.stamp: infra/polo/package.json infra/polo/package-lock.json
	@echo "installing the CDK into infra/polo/node_modules"
	@npm ci --prefix infra/polo --no-audit --no-fund --silent
	@touch $@

infra/polo/cdk.out/.stamp: infra/polo/node_modules/.stamp $(SYNTH_SOURCES)
	@echo "synthesizing the wiring"
	@npm --prefix infra/polo run --silent synth:local
	@touch $@

.tools/lambda/.stamp:
	@echo "installing cargo-lambda into .tools/lambda"
	@python3 -m venv .tools/lambda
	@.tools/lambda/bin/pip install --quiet --disable-pip-version-check cargo-lambda==$(CARGO_LAMBDA_VERSION)
	@touch $@

.tools/cargo/bin/cargo-nextest:
	@echo "installing cargo-nextest into .tools/cargo (some minutes, once)"
	@cargo install --quiet --locked --debug --root .tools/cargo --target-dir .tools/cargo/target --version $(NEXTEST_VERSION) cargo-nextest

.tools/cargo/bin/cargo-deny:
	@echo "installing cargo-deny into .tools/cargo (some minutes, once)"
	@cargo install --quiet --locked --debug --config profile.dev.debug=false --root .tools/cargo --target-dir .tools/cargo/target --version $(DENY_VERSION) cargo-deny
