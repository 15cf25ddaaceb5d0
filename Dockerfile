# Built from the wheel: the source is in the first stage only.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN pip install --no-cache-dir build==1.6.1 && python -m build --outdir /dist

FROM python:3.11-slim-bookworm
COPY --from=build /dist/*.whl /tmp/dist/
COPY tests/constraints.txt /tmp/constraints.txt
RUN wheel="$(echo /tmp/dist/*.whl)" \
 && pip install --no-cache-dir "${wheel}[serve]" --constraint /tmp/constraints.txt \
 && rm -r /tmp/dist /tmp/constraints.txt \
 && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin goemotions
# Nothing is written while it runs: start it with --read-only. The key is a file, or GOEMOTIONS_API_KEY.
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/ready', timeout=2)"]
ENTRYPOINT ["goemotions", "serve"]
CMD ["--host", "0.0.0.0", "--port", "8080"]
