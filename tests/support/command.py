import os
import subprocess
import sys
from pathlib import Path


def sellerdesk(
    *arguments: str | Path, says: str = "", within: float = 60, **environment: str
) -> subprocess.CompletedProcess[str]:
    """The command as a person types it, answering `says` to what it asks; done within so many seconds."""
    return subprocess.run(
        [Path(sys.executable).with_name("sellerdesk"), *arguments],
        env={**os.environ, "COLUMNS": "120", **environment},
        input=says,
        capture_output=True,
        text=True,
        timeout=within,
        check=False,
    )
