"""Every broker that was ever run under Watchfloor: how to start each, on the configuration that examples/brokers shows."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from tests.brokers import (
    MOSQUITTO,
    ROOT,
    RunningBroker,
    embedded_broker,
    free_port,
    mosquitto_broker,
    program,
)

EXAMPLES: Final = ROOT / "examples" / "brokers"
RABBITMQ: Final = "/usr/lib/rabbitmq/bin/rabbitmq-server"
"""Debian's own, behind a wrapper that gives up root and then does not find its files here."""

ACTIVEMQ: Final = Path("/usr/share/activemq/bin/activemq.jar")
JARS: Final = Path("/usr/share/java")


def example(name: str, folder: Path, **changes: str) -> Path:
    """Write an example's configuration into a folder, with other words in the places of some. Each must be there once."""
    text = (EXAMPLES / name).read_text("utf-8")
    for old, new in changes.items():
        assert text.count(old) == 1, f"{name} holds {old!r} {text.count(old)} times"
        text = text.replace(old, new)
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@contextmanager
def nats_broker(config_name: str = "nats.conf") -> Iterator[RunningBroker]:
    """Run NATS with JetStream and MQTT."""
    server = program("nats-server")
    assert server is not None
    port = free_port()
    with TemporaryDirectory(prefix="watchfloor-nats-") as name:
        config = example(
            config_name,
            Path(name),
            **{"1883": str(port), "4222": str(free_port()), "/var/lib/nats": name},
        )
        with _running([server, "-c", str(config)], port) as running:
            yield running


@contextmanager
def nats_cluster(config_name: str = "nats.conf") -> Iterator[list[RunningBroker]]:
    """Run three NATS servers as one broker, each on the same example with a name and routes of its own."""
    server = program("nats-server")
    assert server is not None
    routes = [free_port() for _ in range(3)]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="watchfloor-nats-")))
        nodes: list[tuple[Path, int]] = []
        for number, route in enumerate(routes, 1):
            port, place = free_port(), folder / f"floor-{number}"
            place.mkdir()
            changes = {"1883": str(port), "4222": str(free_port()), "/var/lib/nats": str(place)}
            config = example(
                config_name, place, **changes, **{"server_name: floor": f"server_name: {place.name}"}
            )
            others = [f"nats://127.0.0.1:{other}" for other in routes]
            with config.open("a", encoding="utf-8") as file:
                file.write(
                    f"cluster {{ name: floor, listen: 127.0.0.1:{route}, routes: {json.dumps(others)} }}\n"
                )
            nodes.append((config, port))
        # They wait for one another before their MQTT listens, so all are started before any is waited for.
        brokers: list[RunningBroker] = []
        for config, port in nodes:
            broker = RunningBroker([server, "-c", str(config)], port, "Starting nats-server")
            stack.callback(broker.stop)
            brokers.append(broker)
        for broker in brokers:
            broker.wait_until_it_listens()
        yield brokers


@contextmanager
def rabbitmq_broker(config_name: str = "rabbitmq.conf", **changes: str) -> Iterator[RunningBroker]:
    """Run RabbitMQ with its MQTT plugin, on an Erlang node and a port mapper of its own."""
    with rabbitmq_cluster(config_name, changes, nodes=1) as (running,):
        yield running


@contextmanager
def rabbitmq_cluster(
    config_name: str, changes: Mapping[str, str], *, nodes: int = 2
) -> Iterator[list[RunningBroker]]:
    """Run RabbitMQ on nodes that know one another, each on the same example."""
    mapper = str(free_port())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="watchfloor-rabbitmq-")))
        (folder / "enabled_plugins").write_text("[rabbitmq_mqtt].\n", "utf-8")
        names = [f"watchfloor{mapper}-{number}@localhost" for number in range(nodes)]
        peers = [f"cluster_formation.classic_config.nodes.{n} = {name}\n" for n, name in enumerate(names, 1)]
        brokers: list[RunningBroker] = []
        for name in names:
            port, place = free_port(), folder / name
            place.mkdir()
            config = example(config_name, place, **{"1883": str(port)}, **changes)
            if nodes > 1:
                with config.open("a", encoding="utf-8") as file:
                    file.writelines(["cluster_formation.peer_discovery_backend = classic_config\n", *peers])
            environment = {
                "ERL_EPMD_ADDRESS": "127.0.0.1",
                "ERL_EPMD_PORT": mapper,
                "HOME": str(folder),  # of the cookie by which nodes trust one another
                "RABBITMQ_CONFIG_FILE": str(config),
                "RABBITMQ_DIST_PORT": str(free_port()),
                "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
                "RABBITMQ_LOGS": "-",
                "RABBITMQ_LOG_BASE": str(place / "log"),
                "RABBITMQ_MNESIA_BASE": str(place / "db"),
                "RABBITMQ_NODENAME": name,
                "RABBITMQ_PID_FILE": str(place / "pid"),
            }
            server = RABBITMQ if Path(RABBITMQ).exists() else "rabbitmq-server"
            # The common port mapper would outlive it. Its port is open before it lets anybody in.
            mapping = "" if brokers else f"epmd -port {mapper} & "
            running = _running(
                ["sh", "-c", f"{mapping}exec {server}"],
                port,
                "Server startup complete",
                environment=environment,
                group=True,
            )
            brokers.append(stack.enter_context(running))
        yield brokers


@contextmanager
def activemq_broker() -> Iterator[RunningBroker]:
    """Run ActiveMQ Classic with nothing but MQTT, in memory."""
    port = free_port()
    with TemporaryDirectory(prefix="watchfloor-activemq-") as name:
        config = example("activemq.xml", Path(name), **{"1883": str(port)})
        (Path(name) / "lib").symlink_to(JARS)  # Debian's does not name what its MQTT needs
        folders = [f"-Dactivemq.{what}={name}" for what in ("base", "data", "conf")]
        home = f"-Dactivemq.home={ACTIVEMQ.parent.parent}"
        java = ["java", "-Xmx512m", home, *folders, "-jar", str(ACTIVEMQ)]
        with _running([*java, "start", f"xbean:file:{config}"], port) as running:
            yield running


@contextmanager
def aedes_broker() -> Iterator[RunningBroker]:
    """Run Aedes by its command line, which needs no configuration."""
    port = free_port()
    with _running([shutil.which("aedes") or "aedes", "--port", str(port)], port) as running:
        yield running


@contextmanager
def amqtt_broker() -> Iterator[RunningBroker]:
    """Run aMQTT."""
    port = free_port()
    with TemporaryDirectory(prefix="watchfloor-amqtt-") as name:
        config = example("amqtt.yaml", Path(name), **{"1883": str(port)})
        with _running([shutil.which("amqtt") or "amqtt", "-c", str(config)], port) as running:
            yield running


@contextmanager
def _running(
    command: list[str],
    port: int,
    ready: str = "",
    *,
    environment: dict[str, str] | None = None,
    group: bool = False,
) -> Iterator[RunningBroker]:
    running = RunningBroker(command, port, ready, environment=environment, group=group)
    try:
        yield running
    finally:
        running.stop()


KINDS: Final[dict[str, Callable[[], AbstractContextManager[RunningBroker]]]] = {
    "embedded": embedded_broker,
    "mosquitto": mosquitto_broker,
    "nats": nats_broker,
    "rabbitmq": rabbitmq_broker,
    "activemq": activemq_broker,
    "aedes": aedes_broker,
    "amqtt": amqtt_broker,
}
"""By the names that `--broker` takes."""

USUAL: Final = ("embedded", "mosquitto")
"""What is run where nothing else is said."""


def absent(kind: str) -> str:
    """Why a kind of broker cannot be run on this machine; empty if it can."""
    there = {
        "embedded": sys.executable,
        "mosquitto": MOSQUITTO,
        "nats": program("nats-server"),
        "rabbitmq": program("rabbitmq-server") and program("epmd"),
        "activemq": ACTIVEMQ.exists() and program("java"),
        "aedes": program("aedes"),
        "amqtt": program("amqtt"),
    }
    return "" if there[kind] else f"{kind} is not installed"


def running_broker(kind: str) -> AbstractContextManager[RunningBroker]:
    """Run a broker of a kind, fresh; skip the test where it is not installed."""
    if why := absent(kind):
        pytest.skip(why)
    return KINDS[kind]()


def chosen(config: pytest.Config) -> list[pytest.param]:  # type: ignore[valid-type]
    """The kinds that `--broker` names, as parameters of a fixture or test."""
    kinds = config.getoption("--broker") or list(USUAL)
    return [pytest.param(kind, marks=pytest.mark.broker) for kind in kinds]
