"""What the environment says, and what is checked before a start."""

from __future__ import annotations

import os
import stat
from collections import namedtuple
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from copystudio.embedded import EmbeddedError
from copystudio.embedded.process import MARK
from copystudio.supervisor import preflight
from copystudio.supervisor.config import read_config
from copystudio.supervisor.programs import plan, programs

OUTSIDE = {
    "DATABASE_URL": "postgresql://studio@db/copystudio",
    "BROKER_URL": "redis://cache/0",
    "CACHE_URL": "redis://cache/1",
}


def test_nothing_set_means_servers_of_our_own(var: Path) -> None:
    config = read_config({"STUDIO_VAR": str(var)})
    assert config.own_database
    assert config.own_broker
    assert config.environment["DATABASE_URL"] == config.where.database_url
    assert config.environment["BROKER_URL"] == config.where.broker_url
    assert config.environment["CACHE_URL"] == config.where.cache_url


def test_an_empty_variable_counts_as_not_set(var: Path) -> None:
    config = read_config({"STUDIO_VAR": str(var), "DATABASE_URL": "", "STUDIO_PORT": ""})
    assert config.own_database
    assert config.environment["DATABASE_URL"] == config.where.database_url
    assert config.port == 8000


def test_outside_servers_replace_ours_one_by_one(var: Path) -> None:
    assert not read_config({"STUDIO_VAR": str(var), **OUTSIDE}).own_database
    assert not read_config({"STUDIO_VAR": str(var), **OUTSIDE}).own_broker
    some = read_config({"STUDIO_VAR": str(var), "DATABASE_URL": OUTSIDE["DATABASE_URL"]})
    assert not some.own_database
    assert some.own_broker
    half = read_config({"STUDIO_VAR": str(var), "BROKER_URL": OUTSIDE["BROKER_URL"]})
    assert half.own_broker
    assert half.environment["BROKER_URL"] == OUTSIDE["BROKER_URL"]


@pytest.mark.parametrize("port", ["0", "65536", "eighty", "-1"])
def test_a_port_that_is_none_is_refused(var: Path, port: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="STUDIO_PORT"):
        read_config({"STUDIO_VAR": str(var), "STUDIO_PORT": port})


def test_the_address_is_what_a_browser_takes(var: Path) -> None:
    def url(host: str) -> str:
        return read_config({"STUDIO_VAR": str(var), "STUDIO_HOST": host, "STUDIO_PORT": "81"}).url

    assert url("0.0.0.0") == "http://localhost:81"
    assert url("studio.lan") == "http://studio.lan:81"
    assert url("fd00::1") == "http://[fd00::1]:81"


def test_the_pages_know_their_port(var: Path) -> None:
    config = read_config({"STUDIO_VAR": str(var), "STUDIO_PORT": "8123"})
    assert config.environment["STUDIO_PUBLIC_URL"] == "http://localhost:8123"


def test_every_queue_has_a_worker_and_computing_ones_have_one_process(var: Path) -> None:
    config = read_config({"STUDIO_VAR": str(var)})
    found = {program.name: program for program in programs(config)}
    assert set(found) == {"web", "default", "generation", "training", "beat"}
    for name in ("generation", "training"):
        args = found[name].args
        assert args[args.index("-c") + 1] == "1"
        assert args[args.index("-P") + 1] == "prefork"
        assert found[name].needs_model
    assert not found["web"].needs_model


def test_the_training_worker_gives_its_memory_back_after_each_job(var: Path) -> None:
    """Torch keeps what it once had until its process ends; the others keep theirs, to answer at once."""
    found = {program.name: program.args for program in programs(read_config({"STUDIO_VAR": str(var)}))}
    training = found["training"]
    assert training[training.index("--max-tasks-per-child") + 1] == "1"
    assert not any("--max-tasks-per-child" in found[name] for name in ("default", "generation"))


def test_the_default_worker_never_has_a_single_process(var: Path) -> None:
    """One long import would keep the sweeper from running."""
    with pytest.raises(ImproperlyConfigured):
        read_config({"STUDIO_VAR": str(var), "STUDIO_DEFAULT_WORKERS": "1"})


def test_children_carry_the_mark_of_their_folder(var: Path) -> None:
    config = read_config({"STUDIO_VAR": str(var)})
    assert plan(config).setup.launch(config).env[MARK] == str(var)


def test_the_secret_key_is_made_once_and_private(var: Path) -> None:
    config = read_config({"STUDIO_VAR": str(var)})
    var.mkdir()
    preflight.keep_secret_key(config)
    first = config.secret_key_file.read_text()
    assert len(first) >= 50
    assert stat.S_IMODE(config.secret_key_file.stat().st_mode) == 0o600
    preflight.keep_secret_key(config)
    assert config.secret_key_file.read_text() == first


def test_a_given_secret_key_is_left_alone(var: Path) -> None:
    config = read_config({"STUDIO_VAR": str(var), "STUDIO_SECRET_KEY": "x" * 60})
    var.mkdir()
    preflight.keep_secret_key(config)
    assert not config.secret_key_file.exists()


def test_too_little_space_is_said_before_the_start(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda path: usage(10**10, 10**10, 150 * 10**6))
    var.mkdir()
    with pytest.raises(EmbeddedError, match="150 MB are free, 2500 MB are needed"):
        preflight.check_space(read_config({"STUDIO_VAR": str(var)}))
    with pytest.raises(EmbeddedError, match="200 MB are needed"):
        preflight.check_space(read_config({"STUDIO_VAR": str(var), **OUTSIDE}))


def test_a_host_that_is_not_ours_is_said() -> None:
    with pytest.raises(EmbeddedError):
        preflight.check_port("203.0.113.7", 8000)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may take any port")
def test_a_port_of_root_is_said() -> None:
    with pytest.raises(EmbeddedError, match="reserved for root"):
        preflight.check_port("127.0.0.1", 80)
