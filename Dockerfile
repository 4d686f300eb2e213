# OrderHub with Airflow, for every service of docker-compose.yml and for Kubernetes.
#
#   IMAGES         what stands before the names of base images, with a slash at its end: a registry of your own
#   PYTHON_IMAGE   the base image
#   PACKAGE_INDEX  where Python packages come from, if not from the usual place; every file is checked by its hash
#   DEBIAN_SOURCE  where Debian packages come from, if not from the usual place
#   EXTRAS         which of pyproject.toml's extras are in; sqlserver needs the vendor's ODBC driver besides
#   DEBIAN         Debian packages: the browser that bots use, and letters for Chinese pages; "" leaves them out
ARG IMAGES=""
ARG PYTHON_IMAGE=python:3.12-slim

FROM ${IMAGES}${PYTHON_IMAGE} AS build
ARG PACKAGE_INDEX=""
ARG EXTRAS="airflow celery fab mysql oracle smb"
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 UV_NO_CACHE=1 UV_LINK_MODE=copy NETRC=/run/secrets/netrc
WORKDIR /src

# The installer and the builder come from the lock as well; they stay behind in this stage.
COPY pyproject.toml requirements.lock ./
RUN --mount=type=secret,id=netrc \
    awk '/^uv==/ {on = 1} on {print} on && !/\\$/ {exit}' requirements.lock > uv.txt \
    && python -m venv /opt/tools \
    && /opt/tools/bin/pip install --quiet --no-deps --require-hashes \
        ${PACKAGE_INDEX:+--index-url "$PACKAGE_INDEX"} -r uv.txt \
    && mkdir /tmp/builder \
    && printf '[project]\nname = "builder"\nversion = "0"\ndependencies = ["hatchling", "editables"]\n' \
        > /tmp/builder/pyproject.toml \
    && /opt/tools/bin/uv pip install --quiet --python /opt/tools/bin/python --require-hashes \
        ${PACKAGE_INDEX:+--default-index "$PACKAGE_INDEX"} -c requirements.lock \
        -r /tmp/builder/pyproject.toml
RUN --mount=type=secret,id=netrc \
    set -- && for extra in $EXTRAS; do set -- "$@" --extra "$extra"; done \
    && python -m venv --without-pip /opt/venv \
    && /opt/tools/bin/uv pip install --python /opt/venv/bin/python --require-hashes --compile-bytecode \
        ${PACKAGE_INDEX:+--default-index "$PACKAGE_INDEX"} -c requirements.lock -r pyproject.toml "$@"
COPY . .
RUN /opt/tools/bin/python -m hatchling build -t wheel -d /tmp/wheel \
    && /opt/tools/bin/uv pip install --python /opt/venv/bin/python --no-deps --offline --compile-bytecode \
        /tmp/wheel/*.whl


FROM ${IMAGES}${PYTHON_IMAGE}
ARG DEBIAN_SOURCE=""
ARG DEBIAN="chromium fonts-wqy-zenhei"
# hadolint ignore=DL3008  # a browser that is not pinned is one that gets its security fixes
RUN if [ -n "$DEBIAN" ]; then \
        if [ -n "$DEBIAN_SOURCE" ]; then \
            sed -i "s|^URIs: .*/debian$|URIs: $DEBIAN_SOURCE|" /etc/apt/sources.list.d/debian.sources; \
        fi \
        && apt-get update \
        && apt-get install -y --no-install-recommends $DEBIAN \
        && rm -rf /var/lib/apt/lists/*; \
    fi

# The user's number is fixed, so that volumes stay readable after an upgrade.
RUN useradd --uid 50000 --gid 0 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin orderhub \
    && install -d -o 50000 -g 0 -m 0770 \
        /opt/orderhub/home/reports /var/log/orderhub /practice /drop
COPY --from=build /opt/venv /opt/venv
COPY dags /opt/orderhub/dags
COPY deploy /opt/orderhub/deploy
COPY mappings /opt/orderhub/home/mappings
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ORDERHUB_HOME=/opt/orderhub/home \
    AIRFLOW_HOME=/tmp/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/orderhub/dags \
    AIRFLOW__LOGGING__BASE_LOG_FOLDER=/var/log/orderhub
WORKDIR /opt/orderhub/home
USER 50000:0
ENTRYPOINT ["/opt/orderhub/deploy/entrypoint"]
CMD ["orderhub", "--help"]
