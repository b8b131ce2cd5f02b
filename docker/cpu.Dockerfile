# edgehuman on a CPU, x86-64 or aarch64:
#   docker build -f docker/cpu.Dockerfile -t edgehuman .
#   docker run --rm -p 5555:5555/udp edgehuman run zoo:activity --source udp://0.0.0.0:5555 --json
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim-bookworm
# OpenCV's libraries; the wheel brings its own codecs.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*
COPY constraints.txt /tmp/constraints.txt
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --constraint /tmp/constraints.txt /wheels/*.whl \
    && rm -r /wheels /tmp/constraints.txt \
    && useradd --uid 1000 --create-home edgehuman
USER 1000
WORKDIR /home/edgehuman
ENTRYPOINT ["edgehuman"]
CMD ["--help"]
