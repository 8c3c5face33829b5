# `make test` is everything that CI checks. It installs Debian's prometheus and prometheus-alertmanager where they are missing.

CARGO ?= cargo

.PHONY: all build demo test check licences unit doc e2e tools golden

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
	@command -v promtool >/dev/null && command -v prometheus >/dev/null && command -v prometheus-alertmanager >/dev/null || \
	  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends prometheus prometheus-alertmanager; }

# Writes the generated documents anew: read the diff.
golden:
	GOLDEN=write $(CARGO) test --locked --test it documents
