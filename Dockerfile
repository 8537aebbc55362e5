# One image for keeper, web, worker and beat. PostgreSQL and Redis come from their own images.
FROM python:3.12-slim AS packages
RUN python -m venv /venv
COPY requirements.lock .
RUN /venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock

FROM python:3.12-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git openssh-client \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 lifecycle \
 && install --directory --owner lifecycle --mode 700 /data
COPY --from=packages /venv /venv
WORKDIR /app
COPY . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 LIFECYCLE_VAR=/data LIFECYCLE_STATIC=/app/staticfiles
# settings.py asks for these three; nothing is kept of them and nothing connects while static files are collected
RUN SECRET_KEY=build DATABASE_URL=postgresql://build REDIS_URL=redis://build \
    python -c "from lifecycle.embedded.messages import compile_stale; compile_stale()" \
 && SECRET_KEY=build DATABASE_URL=postgresql://build REDIS_URL=redis://build \
    python manage.py collectstatic --no-input --verbosity 0 \
 && python -m compileall -q /app
USER lifecycle
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "lifecycle.wsgi:application", "--bind", "0.0.0.0:8000"]
