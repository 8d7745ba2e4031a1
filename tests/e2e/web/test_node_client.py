"""The TypeScript client as a stranger gets it: packed, installed into an empty folder, run against a whole stack."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.people import CLIP, PASSWORD, somebody
from tests.e2e.stacks import Stack

ROOT = Path(__file__).resolve().parents[3]

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        shutil.which("node") is None or not (ROOT / "node_modules" / "typescript").is_dir(),
        reason="there is no Node here, or `make node` was not run: the client is built by it",
    ),
]

PROGRAM = """\
import { createClient, createTransport, TokenSession, Uploader } from "@vidmesh/client";
import { FolderJournal, PathSource } from "@vidmesh/client/node";
import { ChannelService } from "@vidmesh/client/vidmesh/social/v1/channel_service_pb";
const [edgeUrl, email, password] = process.argv.slice(2);
const session = new TokenSession(edgeUrl);
await session.signIn(email, password);
const transport = createTransport({ edgeUrl, session });
const { channels } = await createClient(ChannelService, transport).listMyChannels({});
const uploader = new Uploader({ edgeUrl, transport, session, journal: new FolderJournal("journal") });
const upload = uploader.begin(await PathSource.open("large.bin"), channels[0].channelId);
upload.subscribe(() => console.log(JSON.stringify(upload.snapshot)));
await upload.done;
"""
LARGE = 160 << 20


def run(folder: Path, *command: str, **variables: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env=os.environ | variables, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the package and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    run(ROOT / "clients" / "ts", "npm", "pack", "--silent", "--pack-destination", str(folder))
    (packed,) = folder.glob("*.tgz")
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    run(folder, "npm", "install", "--silent", "--no-audit", "--no-fund", str(packed))
    return folder


def test_the_package_holds_what_it_says_and_no_sources(installed: Path) -> None:
    package = installed / "node_modules" / "@vidmesh" / "client"
    assert {path.name for path in package.iterdir()} == {"LICENSE", "README.md", "dist", "examples", "package.json"}
    for file in ("index.js", "index.d.ts", "node/index.js", "gen/vidmesh/upload/v1/video_service_pb.d.ts"):
        assert (package / "dist" / file).is_file(), file


def test_the_example_uploads_a_file_follows_its_processing_and_plays_it(stack: Stack, installed: Path) -> None:
    person = somebody(stack)
    person.edge.close()
    shutil.copy(installed / "node_modules" / "@vidmesh" / "client" / "examples" / "road.mjs", installed)
    told = run(
        installed,
        *("node", "road.mjs", stack.edge_url, str(CLIP)),
        VIDMESH_EMAIL=f"{person.handle}@example.org",
        VIDMESH_PASSWORD=PASSWORD,
        HOME=str(installed),
    )
    size = CLIP.stat().st_size
    assert f"done: {size} of {size} bytes are there" in told
    assert "processing: 100 %" in told
    assert re.search(r"^[A-Za-z0-9_-]{11}: 360p, .*audio$", told, flags=re.M)
    assert re.search(r"^plays: http", told, flags=re.M)


def test_a_program_that_is_killed_in_the_midst_of_an_upload_goes_on_with_it_when_it_is_started_again(
    stack: Stack, installed: Path
) -> None:
    person = somebody(stack)
    person.edge.close()
    (installed / "upload.mjs").write_text(PROGRAM)
    with (installed / "large.bin").open("wb") as file:
        for _ in range(LARGE >> 20):
            file.write(os.urandom(1 << 20))
    command = ("node", "upload.mjs", stack.edge_url, f"{person.handle}@example.org", PASSWORD)
    with subprocess.Popen(command, cwd=installed, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        killed = next(told for told in map(json.loads, first.stdout) if told["confirmed"])
        first.kill()
    assert killed["confirmed"] < LARGE

    snapshots = [json.loads(line) for line in run(installed, *command).splitlines()]
    begun = next(told for told in snapshots if told["total"] and told["confirmed"])
    assert begun["confirmed"] >= killed["confirmed"]
    last = snapshots[-1]
    assert (last["phase"], last["resumed"], last["confirmed"]) == ("done", True, LARGE)
    assert last["videoId"] == killed["videoId"]
    assert list((installed / "journal").iterdir()) == []
