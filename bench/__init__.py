"""The bench suite: load for a table (`bench`), other gateways in one run (`bench.peers`), guards (`bench.micro`)."""
