# SPDX-License-Identifier: Apache-2.0
# diffuse in a container; how to run it stands in docs/serving.md. A base needs glibc 2.35 or newer, libstdc++ and bash: not Alpine.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-17-jdk-headless maven && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/diffuse
COPY . .
# The launcher builds at its first call; what it leaves is all that the second stage takes.
RUN --mount=type=cache,target=/root/.m2 ./diffuse --version && mkdir /image && cp -a --parents diffuse cli/target/diffuse.* cli/target/lib /image

FROM ${BASE}
RUN apt-get update && apt-get install -y --no-install-recommends openjdk-17-jre-headless libstdc++6 && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin diffuse \
    && ln -s /opt/diffuse/diffuse /usr/local/bin/diffuse && mkdir /models
COPY --from=build /image /opt/diffuse
# The native libraries are unpacked here and now, by a picture of a tiny network, so that nothing need be written when it runs.
ENV DIFFUSE_JAVA_OPTS=-Dorg.bytedeco.javacpp.cachedir=/opt/natives
RUN diffuse warm-up && chmod -R a+rX /opt/natives
USER 10001:10001
WORKDIR /models
EXPOSE 7860
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/7860 && printf 'GET /health/ready HTTP/1.0\\r\\nHost: 127.0.0.1:7860\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["diffuse"]
# Other machines reach it, so that it asks for a key: one a line in this file, which is mounted.
CMD ["serve", "--host", "0.0.0.0", "--models-dir", "/models", "--api-key-file", "/run/secrets/diffuse-keys"]
