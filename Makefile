# `make test` is everything that CI checks. It installs Debian's prometheus and prometheus-alertmanager where they are missing.

CARGO ?= cargo

.PHONY: all build demo test check licences unit doc e2e tools golden pictures bench bench-peers

all: build

build:
	$(CARGO) build --release --locked

demo:
	$(CARGO) run --release --locked -- demo

test: check unit doc e2e

check: licences
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(CARGO) clippy --locked --test e2e -- -D warnings

licences:
	@command -v python3 >/dev/null || { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3; }
	scripts/licences

unit:
	$(CARGO) test --locked

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps

# The real Prometheus scrapes the real program.
e2e: tools
	$(CARGO) test --locked --test e2e

tools:
	@command -v promtool >/dev/null && command -v prometheus >/dev/null && command -v prometheus-alertmanager >/dev/null && \
  command -v curl >/dev/null && command -v python3 >/dev/null || \
	  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends prometheus prometheus-alertmanager curl python3; }

# Writes the generated documents anew: read the diff.
golden:
	GOLDEN=write $(CARGO) test --locked --test it -- documents the_dashboards_are_what_is_generated

# Draws docs/pictures from the demo's data: needs node, npm and Debian's chromium, and some minutes.
pictures: build tools
	cd scripts/pictures && npm install --no-audit --no-fund --no-package-lock && node run.mjs

# Ratios to peers that run in turn: docs/performance.md. One part: `make bench PART=page` (page, scrape, refresh, decode, memory).
bench:
	$(CARGO) bench --locked --bench speed -- $(PART)

# Against the usual libraries of Python and Go: Debian's python3-prometheus-client, golang-go and
# golang-github-prometheus-client-golang-dev. Go is left out where it is not installed.
bench-peers:
	@/usr/bin/python3 -c 'import prometheus_client' 2>/dev/null || \
	  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-prometheus-client; }
	$(CARGO) bench --locked --bench speed -- peers
