"""The one-machine stack: everything that `vidmesh up` starts, watches and stops.

`control` is the door for other code (the demo, tests): start a stack, look at it, stop it. `supervisor` is what runs
inside `vidmesh up`; `table` says which processes there are.
"""
