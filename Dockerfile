# Builds the program without shared libraries and puts it and the certificate authorities into an empty image: no shell, no loader, no
# package manager, no user but a number. glibc and not musl, because the figures of docs/operations.md were measured with its allocator;
# since 2.34 it finds names by the hosts file and by DNS without loading anything. Random numbers come from /dev/urandom, which every
# container has. Only the image is static: on a machine with more around it the program should ask whatever nsswitch.conf names there.
#
#   docker build --build-arg REVISION="$(git rev-parse --short HEAD)" --tag tweet_exporter .
#   docker run --read-only --cap-drop=ALL --publish 10280:10280 tweet_exporter demo

FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
ARG REVISION=unknown
# With the target named, the flag is for the program alone and not for the macros that build it.
RUN rustc -vV | sed -n 's/^host: //p' > /host \
 && TWEET_EXPORTER_REVISION="$REVISION" RUSTFLAGS="-C target-feature=+crt-static" \
    cargo build --release --locked --bin tweet_exporter --target "$(cat /host)"
# What the image will hold, in its places.
RUN deploy/rootfs "target/$(cat /host)/release/tweet_exporter" /rootfs

FROM scratch
COPY --from=build /rootfs /
# Below here the state, in a volume: whoever mounts none loses it with the container.
COPY --from=build --chown=65532:65532 /rootfs/var/lib/tweet_exporter /var/lib/tweet_exporter
USER 65532:65532
WORKDIR /var/lib/tweet_exporter
EXPOSE 10280
# No HEALTHCHECK: there is nothing in the image to ask with, and Docker restarts nobody who fails it. Ask /-/healthy and /-/ready from
# outside; a task that breaks down ends the process, for which there is --restart.
ENTRYPOINT ["/tweet_exporter"]
CMD ["--config.file=/etc/tweet_exporter/tweet_exporter.yml", "--state.path=/var/lib/tweet_exporter"]
