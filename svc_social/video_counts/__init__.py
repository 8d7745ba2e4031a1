"""How many published videos each channel has: a read model of what VideoService tells."""
