# Every target says what it does after `##`; `make help` prints that.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

INSTALLED := node_modules/.installed

.PHONY: help
help: ## print this
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Node itself is among the packages, so any npm will do to begin with.
$(INSTALLED): package.json package-lock.json
	@command -v npm >/dev/null || { echo 'npm is needed: install Node.js 20 or newer'; exit 1; }
	@echo 'Installing packages (once, about 20 seconds) ...'
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: install
install: $(INSTALLED) ## install the packages, Node 24 among them

.PHONY: up
up: $(INSTALLED) ## run everything on this machine, without Kubernetes; ARGS='--help' tells the flags
	@exec node services/embedded/main.ts $(ARGS)

.PHONY: test
test: $(INSTALLED) ## run all tests: real API server, real RabbitMQ, and a real cluster where there can be one
	@e2e=$$(node test/kit/cluster/wanted.ts); \
	  vitest run --project unit --project feature --project chart --project integration $$e2e $(ARGS)

.PHONY: unit
unit: $(INSTALLED) ## run the unit and feature tests only, in seconds
	@vitest run --project unit --project feature $(ARGS)

.PHONY: e2e
e2e: $(INSTALLED) ## run the tests on a real cluster: yours by SOAPLANE_TEST_KUBECONFIG, kind, minikube, or one made here (root)
	@vitest run --project e2e $(ARGS)

.PHONY: check
check: $(INSTALLED) verify ## types, lint, dependency rules, file sizes, generated files
	@tsc -p .
	@biome ci --error-on-warnings .
	@depcruise lib controller services install charts test --output-type err
	@node test/kit/file-sizes.ts

.PHONY: fmt
fmt: $(INSTALLED) ## format the code and mend what lint can mend
	@biome check --write .

.PHONY: generate
generate: $(INSTALLED) ## write k8s/crds, and the chart's copy, from controller/api
	@node controller/api/generate.ts

.PHONY: chart
chart: generate ## write the chart's README and dashboard, and k8s/install.yaml
	@node charts/generate.ts

.PHONY: verify
verify: $(INSTALLED) ## prove that the generated files are fresh
	@node controller/api/generate.ts --verify
	@node charts/generate.ts --verify

VERSION = $(shell node -p "require('./package.json').version")

.PHONY: image
image: $(INSTALLED) ## build the container image, soaplane:VERSION; ARGS='--build-arg NPM_CONFIG_REGISTRY=...' for a mirror
	@docker build --tag soaplane:$(VERSION) --build-arg VERSION=$(VERSION) \
	  --build-arg REVISION=$$(git describe --always --dirty --abbrev=40 --match=) $(ARGS) .

.PHONY: bench
bench: $(INSTALLED) ## measure against peers, side by side in one run, and print ratios
	@node test/bench/main.ts $(ARGS)

.PHONY: soak
soak: $(INSTALLED) ## send 100,000 messages through the bus while things break, and count them; ARGS='--help' tells the flags
	@node test/soak/main.ts $(ARGS)
