"""Reverse proxies of Debian's packages, run by hand with a configuration and a folder of their own."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.doubles.ports import free_port

NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  underscores_in_headers on;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }}
  }}
}}
"""
APACHE = """
ServerRoot {folder}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
ErrorLog /dev/stderr
User www-data
Group www-data
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
DefaultRuntimeDir {folder}
ProxyPass / http://127.0.0.1:{behind}/
"""
CADDY = """
{{
  admin off
  auto_https off
}}
http://127.0.0.1:{port}, http://localhost:{port} {{
  reverse_proxy 127.0.0.1:{behind}
}}
"""
SERVERS = {
    "nginx": (NGINX, ("/usr/sbin/nginx", "-p", "{folder}", "-e", "stderr", "-c", "{file}")),
    "apache": (APACHE, ("/usr/sbin/apache2", "-f", "{file}", "-DFOREGROUND")),
    "caddy": (CADDY, ("/usr/bin/caddy", "run", "--adapter", "caddyfile", "--config", "{file}")),
}


@contextlib.contextmanager
def proxy(name: str, folder: Path, behind: int) -> Iterator[int]:
    """Run the proxy before a port of this machine; gives the proxy's own port."""
    text, words = SERVERS[name]
    folder.mkdir()
    port, file = free_port(), folder / "proxy.conf"
    places = {"folder": folder, "port": port, "behind": behind, "file": file}
    file.write_text(text.format(**places), encoding="utf-8")
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    log = (folder / "log").open("wb")
    with log, subprocess.Popen([w.format(**places) for w in words], env=environment, stdout=log, stderr=log) as running:
        try:
            _wait_for(port, running, folder / "log")
            yield port
        finally:
            running.terminate()
            running.wait(timeout=30)


def _wait_for(port: int, running: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert running.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < end, log.read_text(encoding="utf-8")
            time.sleep(0.05)
        else:
            return
