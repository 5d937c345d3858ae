# One image for `newsletter run` and `newsletter worker`. The site's folder is mounted as /site.
#
#   docker build -t newsletter .
#   docker run --user "$(id -u):$(id -g)" -v "$PWD/site:/site" -p 127.0.0.1:8000:8000 newsletter
FROM python:3.13-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
RUN python -m venv /venv
COPY requirements*.txt /src/
RUN /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r /src/requirements.txt -r /src/requirements-postgresql.txt
COPY . /src
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation /src

FROM python:3.13-slim
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
RUN useradd --uid 10001 --create-home newsletter && mkdir /site && chown newsletter: /site
USER newsletter
WORKDIR /site
VOLUME /site
EXPOSE 8000
HEALTHCHECK --start-period=30s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:%s/healthz' % os.environ.get('NEWSLETTER__WEB__PORT', '8000'), timeout=5)"]
ENTRYPOINT ["newsletter"]
CMD ["run"]
