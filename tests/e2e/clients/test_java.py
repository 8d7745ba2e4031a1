"""Stubs for Java, made by the plugins that Maven brings, compile."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest

from tests.e2e.clients.examples import BUF, ROOT, run

COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
PLATFORM: Final = "linux-x86_64"
NAMES: Final = {"m": "{http://maven.apache.org/POM/4.0.0}"}

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        shutil.which("javac") is None or shutil.which("mvn") is None, reason="there is no javac or no mvn here"
    ),
    pytest.mark.skipif(
        (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason=f"the plugins are fetched for {PLATFORM}"
    ),
]


def versions() -> dict[str, str]:
    """Those that the project's file pins, by the name of the property."""
    properties = ElementTree.parse(ROOT / "clients/java/pom.xml").getroot().find(f"{NAMES['m']}properties")
    assert properties is not None
    return {one.tag.removeprefix(NAMES["m"]): one.text or "" for one in properties}


def fetched(folder: Path, group: str, name: str, version: str) -> None:
    """A program from Maven, under its plain name."""
    artifact = f"-Dartifact={group}:{name}:{version}:exe:{PLATFORM}"
    run(folder, "mvn", "-q", "-B", COPY, artifact, f"-DoutputDirectory={folder}")
    (found,) = folder.glob(f"{name}-{version}-*.exe")
    found.chmod(0o755)
    found.rename(folder / name)


def test_the_stubs_compile(tmp_path: Path) -> None:
    pinned = versions()
    tools = tmp_path / "tools"
    tools.mkdir()
    fetched(tools, "com.google.protobuf", "protoc", pinned["protobuf.version"])
    fetched(tools, "io.grpc", "protoc-gen-grpc-java", pinned["grpc.version"])
    template = "clients/java/buf.gen.yaml"
    run(ROOT, BUF, "generate", "--template", template, "--output", tmp_path, PATH=f"{tools}:{os.environ['PATH']}")
    project = tmp_path / "clients/java"
    shutil.copy(ROOT / "clients/java/pom.xml", project)
    run(project, "mvn", "-q", "-B", "compile")
    made = {path.name for path in (project / "target/classes/org/vidmesh").rglob("*.class")}
    assert {"VideoServiceGrpc.class", "AccountServiceGrpc.class", "Video.class", "CreateUploadRequest.class"} <= made
