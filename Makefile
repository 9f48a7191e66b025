# All developer commands. They need git, make, a POSIX shell and Python 3.12 or later; the rest is fetched (dev/README.md).

ARGS =
CMD = netbox shell
TIMES = 10
VERSION =
export ARGS CMD TIMES VERSION
RUN = @sh dev/run

.PHONY: help demo demo-reset screenshots test loaded faults compare-migrations lint docs wheel bench run migrations pins setup clean release sbom messages

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' Makefile

demo: ## NetBox with the plugin and certificates in every status, on this machine (Ctrl-C stops it)
	$(RUN) demo

demo-reset: ## Forget what was done in the demo: the next one starts empty
	$(RUN) demo-reset

screenshots: ## Pictures of all pages with the demo's inventory, light, dark, and on a phone
	$(RUN) screenshots

test: ## All tests, or some of them: make test ARGS="tests/x509 -k chain"
	$(RUN) test

loaded: ## The browser tests ten times while the machine is busy: make loaded TIMES=3 ARGS="-k expiry"
	$(RUN) loaded

faults: ## 10,000 certificates expire while workers are killed and servers restarted (about ten minutes)
	@NETBOX_SSL_FAULT_CERTIFICATES=10000 NETBOX_SSL_FAULT_SECONDS=180 \
		ARGS="-n 0 -s tests/e2e/test_sweep_under_faults.py" sh dev/run test

compare-migrations: ## Compare the quick migrations of new databases with netbox migrate (about ten minutes)
	$(RUN) compare-migrations

lint: ## Style, words, direction of imports, missing migrations, shell scripts
	$(RUN) lint

docs: ## Build the documentation; a broken link fails
	$(RUN) docs

wheel: ## Build the package and check what is in it
	$(RUN) wheel

bench: ## Run the benchmarks: make bench ARGS="..."
	$(RUN) bench

run: ## A command in the demo's environment: make run CMD="netbox shell"
	$(RUN) run

migrations: ## Write the plugin's missing migrations: make migrations ARGS="--name what_it_does"
	$(RUN) migrations

release: ## Write the version of the next release into the checkout: make release VERSION=1.0.0
	$(RUN) release

sbom: ## List everything that is installed with the built package, in CycloneDX
	$(RUN) sbom

messages: ## Extract the texts for translators; an unmarked or untranslated one fails
	$(RUN) messages

pins: ## Resolve the pins in requirements/ again
	$(RUN) pins

setup: ## Only prepare the environment and the databases
	$(RUN) setup

clean: ## Remove everything that the other commands have made here
	$(RUN) clean
