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
python_peer sglang sglang-router
python_peer vllm vllm-router
python_peer litellm 'litellm[proxy]'
if command -v npm >/dev/null; then
  npm install --silent --no-fund --no-audit --prefix "$into/portkey" @portkey-ai/gateway || say "portkey: not installed"
fi
