"""Kafka's jars: which ones, to the byte, kafka.lock.toml says; where they come from is jgo's knowledge.

`python -m deploy.local.jars` writes the lock anew.
"""

import fcntl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import jgo
import requests
from jgo.env import LockedDependency, LockFile
from jgo.maven import MavenContext

from deploy.local.failure import StackFailure
from deploy.local.store import JARS

LOCK = Path(__file__).with_name("kafka.lock.toml")
# slf4j-simple lets the broker say on stderr why it does not start.
ENDPOINT = "org.apache.kafka:kafka_2.13:4.3.0+org.slf4j:slf4j-simple:1.7.36"


def class_path(cache: Path = JARS) -> str:
    """The locked jars, downloaded when they are missing and verified every time (0.05 s)."""
    lock = LockFile.load(LOCK)
    with _one_at_a_time(cache):
        if lock.verify_checksums(cache):
            _download(lock, cache)
    return ":".join(str(_path(jar, cache)) for jar in lock.dependencies)


def _download(lock: LockFile, cache: Path) -> None:
    context = MavenContext(repo_cache=cache, timeout=60)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda jar: _fetch(jar, context), lock.dependencies))
    except (requests.RequestException, RuntimeError) as error:
        raise StackFailure(f"Kafka's jars could not be downloaded ({type(error).__name__}): {error}") from error
    if errors := lock.verify_checksums(cache):
        raise StackFailure(f"Kafka's jars differ from {LOCK.name}: {'; '.join(errors)}")


def _fetch(jar: LockedDependency, context: MavenContext) -> None:
    if LockFile([jar]).verify_checksums(context.repo_cache):
        _path(jar, context.repo_cache).unlink(missing_ok=True)
        context.project(jar.groupId, jar.artifactId).at_version(jar.version).artifact().resolve()


def _path(jar: LockedDependency, cache: Path) -> Path:
    return cache / jar.groupId.replace(".", "/") / jar.artifactId / jar.version / f"{jar.artifactId}-{jar.version}.jar"


@contextmanager
def _one_at_a_time(cache: Path) -> Iterator[None]:
    """Two stacks that start together must not write the same file."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def relock() -> None:
    context = MavenContext(repo_cache=JARS, timeout=60)
    jars = [context.create_dependency(f"{jar.groupId}:{jar.artifactId}:{jar.version}") for jar in jgo.resolve(ENDPOINT)]
    LockFile.from_resolved_dependencies(jars).save(LOCK)


if __name__ == "__main__":
    relock()
