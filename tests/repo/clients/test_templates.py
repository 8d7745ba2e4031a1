"""What `buf generate` is told for languages whose plugins are not here: it parses, and asks for every service.

Java is compiled and Go is run in tests/e2e/clients. Stubs for Kotlin and Swift were never compiled by us.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest

from mesh.policy import all_methods
from vidmesh.options.v1.options_pb2 import ACCESS_SERVICE

ROOT: Final = Path(__file__).resolve().parents[3]
BUF: Final = Path(sys.executable).with_name("buf")
KEEPS_WHAT_IT_IS_ASKED: Final = """\
#!{python}
import os, pathlib, sys
name = pathlib.Path(sys.argv[0]).name
if "--version" in sys.argv:
    print("libprotoc 36.2")
elif name == "protoc":
    pathlib.Path({folder!r}, name).write_text("\\n".join(sys.argv[1:]))
else:
    # Once for each folder of contracts.
    pathlib.Path({folder!r}, f"{{name}}.{{os.getpid()}}").write_bytes(sys.stdin.buffer.read())
    # Of a response: that fields may be optional.
    sys.stdout.buffer.write(b"\\x10\\x01")
"""
TEMPLATES: Final = {
    "java": ("protoc-gen-grpc-java", "protoc"),
    "kotlin": ("protoc-gen-grpc-kotlin", "protoc"),
    "swift": ("protoc-gen-grpc-swift-2", "protoc-gen-swift"),
}
"""By language: the plugin for services, and what makes messages."""


@pytest.mark.parametrize("language", TEMPLATES)
def test_a_template_asks_its_plugins_for_every_service_that_clients_call(language: str, tmp_path: Path) -> None:
    tools, asked = tmp_path / "tools", tmp_path / "asked"
    tools.mkdir()
    asked.mkdir()
    for name in TEMPLATES[language]:
        tool = tools / name
        tool.write_text(KEEPS_WHAT_IT_IS_ASKED.format(python=sys.executable, folder=str(asked)))
        tool.chmod(0o755)
    template = f"clients/{language}/buf.gen.yaml"
    done = subprocess.run(
        [BUF, "generate", "--template", template, "--output", tmp_path],
        cwd=ROOT,
        env=os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    services, messages = TEMPLATES[language]
    requests = [CodeGeneratorRequest.FromString(path.read_bytes()) for path in asked.glob(f"{services}.*")]
    given = {name for request in requests for name in request.file_to_generate}
    files = [file for request in requests for file in request.proto_file if file.name in given]
    wanted = {one.service for one in all_methods().values() if one.policy and one.policy.access != ACCESS_SERVICE}
    assert wanted <= {f"{file.package}.{one.name}" for file in files for one in file.service}
    assert not [name for name in given if "events" in name or name.startswith("buf/")]
    assert any(path.name.startswith(messages) for path in asked.iterdir())
    if language != "swift":
        assert all(file.options.java_package == f"org.{file.package}" for file in files)
