"""All pages of docs/reference/, and what edges serve of it."""

from __future__ import annotations

from pathlib import Path

from docs.generator.commands import command_page
from docs.generator.configuration import configuration_page
from docs.generator.contracts import domain_of, read_contracts
from docs.generator.events import event_page
from docs.generator.kinds import kind_pages
from docs.generator.licences import PLACE as LICENCES
from docs.generator.licences import licence_page
from docs.generator.linking import service_page
from docs.generator.markdown import page, sentence, table
from docs.generator.openapi.document import openapi_document, openapi_text
from docs.generator.openapi.page import reference_page
from docs.generator.reasons import error_page
from docs.generator.routing import PLACE as ROUTES
from docs.generator.routing import route_page
from docs.generator.services import service_pages
from docs.generator.tables import table_pages

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs/reference"
OPENAPI, REFERENCE = Path("gateway/reference/openapi.json"), Path("gateway/reference/index.html")
SERVED = (OPENAPI, REFERENCE)
"""Stand with the gateway, because an installation has no docs/."""


def all_pages() -> dict[Path, str]:
    """Every file by its path from the root."""
    contracts = read_contracts()
    services, kinds, tables = service_pages(contracts), kind_pages(contracts), table_pages(ROOT)
    pages = {
        **services,
        **kinds,
        **tables,
        ROUTES: route_page(contracts),
        "errors.md": error_page(contracts),
        "events.md": event_page(contracts),
        "configuration.md": configuration_page(),
        "commands.md": command_page(),
        LICENCES: licence_page(TARGET / LICENCES),
    }
    overview = (
        *(
            (f"[{name.split('.')[-1]}]({service_page(name)})", domain_of(name), sentence(contracts.comment(name)))
            for name in contracts.services
        ),
    )
    pages["README.md"] = page(
        "Reference",
        "Made from the contracts, declarations, parsers and comments in the code by `make generate`; `make check` "
        "refuses pages that are not what these give.",
        table(("service", "domain", "what it is for"), overview),
        "\n".join(
            (
                "- [Routes](routes.md): every call as JSON, with who may make it",
                "- [OpenAPI](../../gateway/reference/openapi.json): the same for programs; every edge serves it at "
                "`/openapi.json`, and to read at `/reference`",
                "- [Errors](errors.md): every reason, and what to do",
                "- [Events](events.md): every message on the bus",
                "- [Configuration](configuration.md): every setting",
                "- [Commands](commands.md): every command of `vidmesh`",
                "- [Licences](licences.md): every package that an installation needs",
                "- Types: " + ", ".join(f"[{Path(name).stem}]({name})" for name in kinds),
                "- Tables: " + ", ".join(f"[{Path(name).stem}]({name})" for name in tables),
            )
        ),
    )
    document = openapi_document(contracts, ROOT)
    place = TARGET.relative_to(ROOT)
    return {
        **{place / name: text for name, text in pages.items()},
        OPENAPI: openapi_text(document),
        REFERENCE: reference_page(document),
    }
