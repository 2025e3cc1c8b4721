"""What is installed, and what runs because of it (reliability.md, section 4.9)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
SHIM = "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') == 'local'; "
SHIM += "enabled and __import__('_distutils_hack').add_shim(); "


def ran(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *argv], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("name", "text", "known"),
    [
        ("distutils-precedence.pth", SHIM, True),
        ("__editable__.declarative_ai_gateway-0.1.0.pth", "/home/me/gateway", True),
        ("__editable__.declarative_ai_gateway-0.1.0.pth", "import __editable___declarative_ai_gateway_0_1_0_finder; "
         "__editable___declarative_ai_gateway_0_1_0_finder.install()", True),
        ("litellm_init.pth", "import os, subprocess, sys; subprocess.Popen([sys.executable])", False),
        ("distutils-precedence.pth", SHIM + "\nimport evil", False),
        ("distutils-precedence.pth", SHIM + "import evil", False),
        ("__editable__.declarative_ai_gateway-0.1.0.pth", "import evil", False),
        ("x.pth", "/somewhere", False),
        ("sitecustomize.py", "", False),
    ],
)  # fmt: skip
def test_code_that_runs_at_every_start_is_known(tmp_path: Path, name: str, text: str, known: bool) -> None:
    (tmp_path / name).write_text(text)
    done = ran(".ci/pth", str(tmp_path))
    assert (done.returncode == 0) is known
    assert known or name in done.stderr


def test_every_requirement_is_pinned_and_hashed() -> None:
    blocks = re.split(r"\n(?=[a-zA-Z0-9])", re.sub(r"^\s*#.*\n", "", LOCK, flags=re.MULTILINE).strip())
    assert len(blocks) > 20
    for block in blocks:
        assert re.match(r"[\w.-]+==[\w.!+-]+ \\\n", block), block[:80]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block)


def test_the_lock_covers_what_the_project_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [*project["dependencies"], *(row for rows in project["optional-dependencies"].values() for row in rows)]
    locked = {re.sub(r"[-_.]+", "-", name).lower() for name in re.findall(r"^([\w.-]+)==", LOCK, re.MULTILINE)}
    for row in needed:
        match = re.match(r"[\w.-]+", row)
        assert match is not None
        assert re.sub(r"[-_.]+", "-", match[0]).lower() in locked, row
    assert len(project["dependencies"]) <= 8, "every further dependency is one more to be trusted"


def test_the_bill_of_materials_names_all_that_is_installed() -> None:
    done = ran(".ci/sbom")
    assert done.returncode == 0, done.stderr
    bill = json.loads(done.stdout)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    names = {row["name"] for row in bill["components"]}
    assert {"h11", "httpx", "orjson", "pyyaml", "uvloop"} <= names
    references = {row["bom-ref"] for row in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
    assert len(references) == len(bill["components"]) + 1
    for row in bill["dependencies"]:
        assert {row["ref"], *row["dependsOn"]} <= references
