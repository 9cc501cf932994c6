"""A record shop over HTTP: an audit log, a cache and a counter, kept by receivers of signals."""
