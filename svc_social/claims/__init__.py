"""Unique names: who holds an e-mail address, a handle, or the first administrator's place."""
