"""What clients of vidmesh import: generated stubs by domain and version, and `vidmesh.client`."""
