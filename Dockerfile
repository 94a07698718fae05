# syntax=docker/dockerfile:1

# The service, for CPUs, or for NVIDIA's GPUs (DEVICE=gpu, to be run with --gpus all):
#
#   docker build --tag editjudge .
#   openssl rand -hex 32 > token && chmod 644 token
#   docker run --publish 127.0.0.1:8400:8400 --volume "$PWD/token:/run/secrets/editjudge_token:ro" editjudge
#
# What it holds is what requirements.lock holds. docs/service.md says how it is run, and what it takes.

ARG PYTHON=python:3.13-slim-trixie

FROM ${PYTHON} AS builder
ARG DEVICE=cpu
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ gcc make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY tools tools
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY models/editjudge_models models/editjudge_models
COPY export export
COPY runtime runtime
# llama.cpp is compiled here, for every CPU with AVX2 (of ARM, every one of 64 bit) and not for the one that it is
# compiled on.
RUN case "${DEVICE}" in \
        cpu) extras=serve ;; \
        gpu) extras=serve,gpu ;; \
        *) echo "DEVICE is ${DEVICE}; it is cpu or gpu" >&2; exit 2 ;; \
    esac \
    && settings="$(python -c 'from tools.environment import llama_settings as find; print(find()["CMAKE_ARGS"])')" \
    && CMAKE_ARGS="${settings} -DGGML_NATIVE=OFF" python tools/environment.py /opt/editjudge ".[${extras}]" \
    && python tools/slim.py /opt/editjudge

FROM ${PYTHON} AS service
# What llama.cpp computes on several cores with.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home editjudge
COPY --from=builder /opt/editjudge /opt/editjudge
ENV PATH=/opt/editjudge/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    EDITJUDGE_HOME=/home/editjudge/bundles \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER editjudge
WORKDIR /home/editjudge
EXPOSE 8400
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8400/health', timeout=4)"]
ENTRYPOINT ["editjudge"]
CMD ["serve", "--host", "0.0.0.0", "--token-file", "/run/secrets/editjudge_token"]
