"""The commands that talk to an installation: `vidmesh signup, login, upload, videos, play` and so on.

Cheap to import: what a command needs is imported when it runs.
"""

from __future__ import annotations

from vidmesh.client.commands import arguments, credential_arguments, operator_arguments
from vidmesh.client.commands.command import ClientCommand

SIGNUP = ClientCommand("signup", "make an account with its first channel, and sign in", arguments.signup, "signup")
LOGIN = ClientCommand("login", "sign in", arguments.login, "login")
UPLOAD = ClientCommand("upload", "upload a file; run again, it resumes", arguments.upload, "upload")
VIDEOS = ClientCommand("videos", "list, show, change, publish and delete videos", arguments.videos, "videos")
PLAY = ClientCommand("play", "get the addresses that a player takes", arguments.play, "play")
PASSWORD = ClientCommand(
    "password", "change the password, or choose a new one by a code", credential_arguments.password, "password"
)
SESSIONS = ClientCommand("sessions", "show and end your sign-ins", credential_arguments.sessions, "sessions")
TOKEN = ClientCommand("token", "make, list and delete API tokens for scripts", credential_arguments.token, "token")
INVITE = ClientCommand("invite", "invite people to sign up", credential_arguments.invite, "invite")
JOBS = ClientCommand(
    "jobs", "show the work of workers, and have failed work done again", operator_arguments.jobs, "jobs"
)

__all__ = ["INVITE", "JOBS", "LOGIN", "PASSWORD", "PLAY", "SESSIONS", "SIGNUP", "TOKEN", "UPLOAD", "VIDEOS"]
