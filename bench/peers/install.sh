#!/usr/bin/env bash
# Installs the gateways that the engine is measured beside into a folder of their own (default .peers/). What cannot be
# installed is said and left out; `python -m bench.peers` measures what is there.
set -u
into=${1:-.peers}
mkdir -p "$into"

say() { printf '%s\n' "$*" >&2; }

python_peer() { # name, requirement
  [ -x "$into/$1/bin/python" ] || python3 -m venv "$into/$1" || return 1
  "$into/$1/bin/pip" install -q --disable-pip-version-check "$2" || { say "$1: not installed"; return 1; }
  say "$1: $("$into/$1/bin/pip" list 2>/dev/null | grep -i "^${2%%[\[=]*}" | tr -s ' ')"
}

if ! command -v nginx >/dev/null; then
  apt-get install -y -qq nginx-light >/dev/null 2>&1 || say "nginx: not installed"
fi
# The versions of the published comparison.
python_peer sglang sglang-router==0.3.2
python_peer vllm vllm-router==0.1.17
python_peer litellm 'litellm[proxy]==1.106.2'
if command -v npm >/dev/null; then
  # npm would take a newer node-server than the 1.13.5 that Portkey's own lock file has, and every stream would be an
  # error 500, "TypeError: immutable" (Portkey-AI/gateway, issue 1389).
  mkdir -p "$into/portkey"
  echo '{"private": true, "dependencies": {"@portkey-ai/gateway": "1.15.2"}, "overrides": {"@hono/node-server": "1.13.5"}}' \
    >"$into/portkey/package.json"
  npm install --silent --no-fund --no-audit --prefix "$into/portkey" || say "portkey: not installed"
fi
