"""Gateways measured beside the engine: one file each, the same work, in one run. `install.sh` installs them."""
