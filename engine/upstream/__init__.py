"""Upstream: connections to providers. Everything here implements `ports.Transport`."""
