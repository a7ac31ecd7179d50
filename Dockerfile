# One image for every program: web, default, generation, training, beat. Servers stand outside (see compose.yaml).
FROM python:3.11-slim-bookworm AS packages

# torch without CUDA; for a GPU build with --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu130
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/venv/bin/python -m pip install --disable-pip-version-check \
    --extra-index-url "$TORCH_INDEX" -r /tmp/requirements.txt


FROM python:3.11-slim-bookworm

RUN useradd --uid 1000 --create-home studio && install -d -o studio -m 0700 /srv/data
COPY --from=packages /opt/venv /opt/venv
COPY --chown=root:root . /srv/studio
WORKDIR /srv/studio
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STUDIO_STAGE=production \
    STUDIO_VAR=/srv/data \
    STUDIO_STATIC=/srv/static \
    STUDIO_HOST=0.0.0.0

# The key and the hosts of this step serve only to collect the static files; production refuses to start without its own.
RUN STUDIO_SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
    STUDIO_ALLOWED_HOSTS=build.invalid STUDIO_PUBLIC_URL=https://build.invalid \
    python manage.py collectstatic --no-input --verbosity 0

USER studio
VOLUME /srv/data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["python", "-m", "copystudio.supervisor.probe"]
ENTRYPOINT ["python", "-m", "copystudio.supervisor"]
CMD ["web"]
