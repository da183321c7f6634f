"""What every service has in common from the outside."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = ["catalog", "orders", "inquiries", "analytics"]


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("service", SERVICES)
def test_it_starts_with_only_shared_and_its_own_folder_present(service: str, tmp_path: Path) -> None:
    """Built by its composition root without the rest of the repository, and without connecting to anything."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "shared", tmp_path / "shared", ignore=ignore)
    shutil.copytree(ROOT / "services" / service, tmp_path / "services" / service, ignore=ignore)
    shutil.copy(ROOT / "services" / "__init__.py", tmp_path / "services")
    build = (
        f"from services.{service} import app, settings\n"
        "from shared.runtime.service import build_app\n"
        "build_app(app.build(settings.Settings()))"
    )
    only = os.pathsep.join([str(tmp_path), sysconfig.get_path("purelib")])
    # -S: without it the environment's own link to this checkout would be importable too.
    done = subprocess.run(
        [sys.executable, "-S", "-c", build],
        cwd=tmp_path,
        env={"PYTHONPATH": only},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_its_composition_root_fits_on_a_screen(service: str) -> None:
    assert lines(ROOT / "services" / service / "app.py") < 60


@pytest.mark.parametrize("service", SERVICES)
def test_its_readme_says_in_30_lines_what_it_owns_consumes_publishes_and_its_states(service: str) -> None:
    readme = ROOT / "services" / service / "README.md"
    text = readme.read_text(encoding="utf-8").lower()
    has_states = (ROOT / "services" / service / "domain").exists()
    wanted = ["**owns**", "**consumes**", "**publishes**", *(["stat(es|us)"] if has_states else [])]
    assert lines(readme) <= 30
    assert [word for word in wanted if not re.search(word.replace("*", r"\*"), text)] == []
