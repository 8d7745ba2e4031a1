"""What vidmesh is built from: the lock, the bill of materials, the audit."""
