"""What tests of the edge stand on: a real Envoy under the real control plane, with something small behind it."""
