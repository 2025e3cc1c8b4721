"""nginx `proxy_pass`, one worker, keep-alive on both sides, access log on, no buffering of streams."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from bench.peers.peer import Peer, Setting

if TYPE_CHECKING:
    from pathlib import Path

_CONFIG = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 8192; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s;
  keepalive_requests 10000000; client_max_body_size 64m; client_body_buffer_size 16m;
  upstream provider {{ server 127.0.0.1:{upstream}; keepalive 512; keepalive_requests 10000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_read_timeout 300s;
    }}
  }}
}}
"""


def _version(installed: Path) -> str:
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        return ""
    said = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=False).stderr
    return said.strip().rpartition("/")[2]


def _command(setting: Setting) -> list[str]:
    path = setting.folder / "nginx.conf"
    path.write_text(_CONFIG.format(folder=setting.folder, upstream=setting.upstream, port=setting.port))
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin") or "nginx"
    return [nginx, "-c", str(path), "-p", str(setting.folder)]


PEERS = (Peer("nginx", _version, _command),)
