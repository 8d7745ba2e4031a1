"""The commands that talk to an installation: `vidmesh signup, login, upload, videos, play`.

Cheap to import: what a command needs is imported when it runs.
"""

from __future__ import annotations

from vidmesh.client.commands import arguments
from vidmesh.client.commands.command import ClientCommand

SIGNUP = ClientCommand("signup", "make an account with its first channel, and sign in", arguments.signup, "signup")
LOGIN = ClientCommand("login", "sign in", arguments.login, "login")
UPLOAD = ClientCommand("upload", "upload a file; run again, it resumes", arguments.upload, "upload")
VIDEOS = ClientCommand("videos", "list, show, change, publish and delete videos", arguments.videos, "videos")
PLAY = ClientCommand("play", "get the addresses that a player takes", arguments.play, "play")

__all__ = ["LOGIN", "PLAY", "SIGNUP", "UPLOAD", "VIDEOS"]
