"""The control plane of the edge: contracts and configuration in, one consistent Envoy configuration out."""
