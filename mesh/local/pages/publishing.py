"""Publishing a build: what it needs first, its `index.html` after that, so that at no moment something is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mesh.local.errors import StackError
from mesh.local.pages import builds
from mesh.local.pages.build import CHECKOUT, read_build
from mesh.objects.errors import ObjectsRefused, ObjectsUnavailable
from mesh.objects.single import SingleObjects
from mesh.pages import BUILD, BUILDS, GZIP, INDEX, PLAIN, cache_control

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mesh.config import ObjectSettings, Settings
    from mesh.local.pages.build import Build


def publish(settings: ObjectSettings, build: Build, now: datetime | None = None) -> bool:
    """Makes edges serve this build; False where they do already. Blocking.

    Files of earlier builds stay for a while: pages that are open go on to load their own. What is older is deleted,
    also where nothing new is published. Raises `StackError` where the store does not take them; the build that was
    served before is served then.
    """
    now = now or datetime.now(UTC)
    digest = build.digest.encode()
    try:
        with SingleObjects(settings, settings.media_bucket) as objects:
            new = objects.get(BUILD) != digest
            known = builds.read(objects.get(BUILDS))
            with_this = builds.with_served(known, build.digest, (file.name for file in build.files), now)
            # Written down before anything else happens: nobody then takes its files for nobody's.
            if with_this != known:
                _record(objects, with_this)
            if not new:
                _delete_expired(objects, with_this, now)
                return False
            for file in build.files:
                for prefix, data in ((PLAIN, file.data), (GZIP, file.gzipped)):
                    control = cache_control(file.name)
                    objects.put(prefix + file.name, data, content_type=file.kind, cache_control=control)
            objects.put(BUILD, digest, content_type="text/plain", cache_control="no-store")
            _delete_expired(objects, with_this, now)
    except (ObjectsRefused, ObjectsUnavailable) as error:
        raise StackError(f"The pages cannot be published: {error}") from error
    return True


def _record(objects: SingleObjects, published: Sequence[builds.Published]) -> None:
    objects.put(BUILDS, builds.written(published), content_type="application/json", cache_control="no-store")


def _delete_expired(objects: SingleObjects, published: Sequence[builds.Published], now: datetime) -> None:
    stay, files = builds.expired(published, now)
    for name in sorted(files):
        for prefix in (PLAIN, GZIP):
            objects.delete(prefix + name)
    if stay != tuple(published):
        # Last, so that what was not deleted yet is found the next time.
        _record(objects, stay)


def publish_checkout(settings: ObjectSettings) -> str:
    """Publishes what `make web` built, where it was; a sentence where that fails, since all else works. Blocking."""
    if not (CHECKOUT / INDEX).is_file():
        return ""
    try:
        publish(settings, read_build(CHECKOUT))
    except StackError as error:
        return str(error)
    return ""


def hint(settings: Settings) -> str:
    """Where the pages are, or how they come; empty where the store cannot be asked. Blocking."""
    url = settings.edge.public_url
    try:
        with SingleObjects(settings.objects, settings.objects.media_bucket) as objects:
            there = objects.get(BUILD) is not None
    except (ObjectsRefused, ObjectsUnavailable):
        return ""
    if not there:
        return "there are no pages: `make web` builds them, with Node 20.19 or newer"
    return f"open {url}/ in a browser" if url else "its pages are there"
