"""The one typed configuration of every process.

Values come, later ones winning, from `default.toml` beside this file, from a file named by `--config` or
`VIDMESH_CONFIG`, and from `VIDMESH_*` variables, with `__` between section and name:
`VIDMESH_OBJECTS__ENDPOINT`. What each value means, in units and consequences, is said in `default.toml`; a test
holds the two together.
"""

from __future__ import annotations

import os
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_FILE = Path(__file__).with_name("default.toml")


def _seconds(value: object) -> object:
    return timedelta(seconds=value) if isinstance(value, int | float) else value


Seconds = Annotated[timedelta, BeforeValidator(_seconds)]
"""A length of time, written as a number of seconds."""


class Section(BaseModel):
    """A part of the configuration. A name that is not known is an error, so a typing mistake is never silent."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Edge(Section):
    """One place where viewers reach the installation."""

    name: str
    region: str = ""
    countries: tuple[str, ...] = ()
    url: str


class EdgeSettings(Section):
    host: str
    port: int = Field(ge=0, le=65535)
    public_url: str
    others: tuple[Edge, ...]
    cors_origins: tuple[str, ...]
    cache_dir: str
    cache_bytes: int
    trusted_proxies: int = Field(ge=0)
    country_header: str
    access_log: bool
    tls_certificate: str
    tls_key: str
    insecure: bool

    @property
    def tls(self) -> bool:
        """Whether viewers reach this edge by TLS that it ends itself."""
        return bool(self.tls_certificate)


Rate = tuple[Annotated[float, Field(ge=0)], Annotated[int, Field(ge=0)]]
"""Calls per second in the long run, and how many at once; no limit where either is 0."""


class Budget(Section):
    """What one caller may use of calls of one class."""

    per_user: Rate
    per_address: Rate


class LimitSettings(Section):
    read: Budget
    write: Budget
    auth: Budget
    heavy: Budget
    report: Budget
    max_request_bytes: int = Field(ge=1024)
    max_header_bytes: int = Field(ge=8192, le=1 << 20)
    max_connections: int = Field(ge=1)
    max_streams: int = Field(ge=1)


class IdentitySettings(Section):
    issuer: str
    access_key_file: str
    access_token_lifetime: Seconds
    refresh_token_lifetime: Seconds
    registration: Literal["open", "invite", "closed"]
    setup_code: SecretStr
    service_secret: SecretStr
    service_secret_previous: tuple[SecretStr, ...]
    sealing_secret: SecretStr
    sealing_secret_previous: tuple[SecretStr, ...]


class ObjectSettings(Section):
    endpoint: str
    region: str
    access_key: str
    secret_key: SecretStr
    source_bucket: str
    media_bucket: str


class BusSettings(Section):
    url: str
    replicas: int = Field(ge=1, le=5)
    event_max_age: Seconds


class TableSettings(Section):
    url: str
    migrate: Literal["auto", "check"]


class UploadSettings(Section):
    max_file_bytes: int
    account_quota_bytes: int
    max_active_uploads: int
    expire_after: Seconds
    url_lifetime: Seconds = Field(ge=timedelta(seconds=1), le=timedelta(days=7))
    clock_skew: Seconds
    purge_deleted_after: Seconds
    keep_source: Literal["always", "until_verified"]
    keep_source_for: Seconds
    min_free_bytes: int = Field(ge=0)


class TranscodeSettings(Section):
    profile: str
    preset: str
    workers: int = Field(ge=0)
    worker_threads: int = Field(ge=1)
    chunk: Seconds
    overlap: bool
    reuse: bool
    max_attempts: int = Field(ge=1)
    sweep_every: Seconds
    leftovers_after: Seconds
    replaced_after: Seconds
    job_timeout: Seconds
    probe_timeout: Seconds
    child_memory_bytes: int
    max_pixels: int
    max_duration: Seconds


class PlaybackSettings(Section):
    grant_key_file: str
    grant_lifetime: Seconds
    grant_lifetime_max: Seconds


class LogSettings(Section):
    level: Literal["debug", "info", "warning", "error"]
    format: Literal["auto", "json", "console"]


class Settings(BaseSettings):
    """Everything that a process may be told. Immutable; passed down from where the process starts."""

    model_config = SettingsConfigDict(env_prefix="VIDMESH_", env_nested_delimiter="__", extra="forbid", frozen=True)

    data: str
    services: dict[str, str]
    listen: dict[str, Annotated[int, Field(ge=1, le=65535)]]
    edge: EdgeSettings
    limits: LimitSettings
    identity: IdentitySettings
    objects: ObjectSettings
    bus: BusSettings
    tables: TableSettings
    upload: UploadSettings
    transcode: TranscodeSettings
    playback: PlaybackSettings
    log: LogSettings

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables win over files, which arrive as keyword arguments."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    def tables_url(self, service: str) -> str:
        """Where the tables of one service are: `{service}` and `{data}` in the pattern are filled in."""
        return self.tables.url.format(service=service, data=quote(str(Path(self.data).absolute())))

    def file(self, pattern: str) -> Path:
        """The file that a setting names: `{data}` in it is filled in."""
        return Path(pattern.format(data=Path(self.data).absolute()))

    def edges(self) -> tuple[Edge, ...]:
        """Every edge, this installation's own first."""
        return (Edge(name="local", url=self.edge.public_url), *self.edge.others)


class ConfigurationError(Exception):
    """The configuration cannot be used; the message is one sentence for a person."""


def load_settings(file: Path | None = None) -> Settings:
    """The configuration of this process.

    Raises `ConfigurationError` where a file cannot be read, a name is not known, or a value does not fit.
    """
    chosen = file or (Path(os.environ["VIDMESH_CONFIG"]) if os.environ.get("VIDMESH_CONFIG") else None)
    values = read_values(DEFAULT_FILE)
    if chosen is not None:
        values = merged(values, read_values(chosen))
    return settings_of(values)


def settings_of(values: Mapping[str, Any]) -> Settings:
    """The configuration with these values, but for what variables say. Raises `ConfigurationError`."""
    try:
        return Settings(**values)
    except ValidationError as error:
        # Without the values themselves: one of them may be a secret.
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)
        )
        raise ConfigurationError(f"The configuration does not fit: {wrong}.") from None
    except SettingsError as error:
        raise ConfigurationError(f"The configuration does not fit: {error}.") from None


def read_values(file: Path) -> dict[str, Any]:
    """The values of one configuration file. Raises `ConfigurationError`."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"Cannot read the configuration file {file}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"The configuration file {file} is not text in UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"The configuration file {file} is no TOML: {error}.") from error


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """The values of `base` with those of `over` above them, section by section."""
    both = dict(base)
    for name, value in over.items():
        below = both.get(name)
        both[name] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return both
