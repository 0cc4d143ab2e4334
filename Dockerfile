# annals-relay, annals and the shop example in one small image; the command says which runs.
#
#   docker build -t annals .
#   docker run --rm annals annals --help

FROM debian:12-slim AS build
WORKDIR /src
# Alone, so that an edit of a source does not install everything again.
COPY script script
RUN script/setup --build-only && rm -rf /var/lib/apt/lists/*
COPY . .
RUN script/build image -- annals annals-relay orders payments shipping shop-admin
RUN mkdir -p /out/bin \
 && find build/image -type f -perm -u+x \
      \( -name annals -o -name annals-relay -o -name orders -o -name payments -o -name shipping -o -name shop-admin \) \
      -exec install --strip -t /out/bin {} +
# The packages of the shared libraries that these programs load, asked rather than listed: the list cannot go stale.
RUN ldd /out/bin/* | awk '$2 == "=>" && $3 ~ "^/" { print $3 }' | sort -u \
  | while read -r file; do dpkg -S "*/$(basename "$(readlink -f "$file")")"; done | cut -d: -f1 | sort -u >/out/packages

FROM debian:12-slim
COPY --from=build /out/packages /tmp/packages
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates $(cat /tmp/packages) \
 && rm -rf /var/lib/apt/lists/* /tmp/packages \
 && useradd --system --no-create-home annals
COPY --from=build /out/bin/ /usr/local/bin/
USER annals
# The relay drains on SIGTERM, within its own bound.
STOPSIGNAL SIGTERM
CMD ["annals-relay", "--config", "/etc/annals/relay.toml"]
