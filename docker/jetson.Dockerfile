# edgehuman on a Jetson with JetPack 6.1 or newer, with JetPack's own TensorRT. On the Jetson:
#   docker build -f docker/jetson.Dockerfile -t edgehuman .
#   docker run --rm --runtime nvidia --network host -v "$PWD:/work" edgehuman doctor
# Another release of Jetson Linux: --build-arg BASE=nvcr.io/nvidia/l4t-jetpack:r36.4.0
ARG BASE=nvcr.io/nvidia/l4t-jetpack:r36.4.0
# hadolint ignore=DL3006
FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3-venv python3-libnvinfer libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/*
# The environment sees JetPack's TensorRT; cuda-python is of CUDA 12, as JetPack 6 is.
COPY . /src
RUN python3 -m venv --system-site-packages /opt/edgehuman \
    && /opt/edgehuman/bin/pip install --no-cache-dir /src "cuda-python>=12,<13" \
    && rm -r /src
ENV PATH=/opt/edgehuman/bin:$PATH
WORKDIR /work
ENTRYPOINT ["edgehuman"]
CMD ["doctor"]
