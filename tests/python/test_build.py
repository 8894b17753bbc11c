"""The build: what it says where GSL is missing, what it compiles, and which way the includes point."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CSRC = ROOT / "csrc"

C_LIBRARY = "assert errno float inttypes limits math stdbool stddef stdint stdio stdlib string time".split()


def load_setup():
    spec = importlib.util.spec_from_file_location("attain_setup", ROOT / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def nothing_found(monkeypatch, tmp_path):
    """An environment in which no place offers a GSL: no variable points to one, no tool tells of one."""
    for name in ("GSL_PREFIX", "CONDA_PREFIX", "PKG_CONFIG", "VCPKG_ROOT", "VCPKG_INSTALLATION_ROOT"):
        monkeypatch.delenv(name, raising=False)
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))


@pytest.fixture
def source_copy(tmp_path):
    """Sources enough to run setup.py; what it writes stays out of the checkout."""
    copy = tmp_path / "source"
    products = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for folder in ("csrc", "python"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=products)
    for name in ("setup.py", "pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    return copy


def run_setup(folder, *words):
    return subprocess.run([sys.executable, "setup.py", *words], cwd=folder, capture_output=True, text=True)


@pytest.mark.usefixtures("nothing_found")
def test_build_without_gsl_stops_with_one_text(source_copy):
    result = run_setup(source_copy, "build_ext")
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    packages = ["apt-get install libgsl-dev", "dnf install gsl-devel", "apk add gsl-dev", "brew install gsl"]
    for words in [*packages, "conda-forge gsl", "vcpkg install gsl", "GSL_PREFIX"]:
        assert words in result.stderr
    assert result.stderr.count("libgsl-dev") == 1


@pytest.mark.usefixtures("nothing_found")
def test_metadata_needs_no_gsl(source_copy):
    result = run_setup(source_copy, "dist_info")
    assert result.returncode == 0, result.stderr
    (metadata,) = source_copy.glob("*.dist-info/METADATA")
    assert "License-Expression: GPL-3.0-or-later" in metadata.read_text(encoding="utf-8")


@pytest.mark.usefixtures("nothing_found")
def test_every_place_says_why_it_was_passed_over():
    setup = load_setup()
    with pytest.raises(SystemExit) as stop:
        setup.find_gsl(compiler=None)
    for place in setup.PLACES:
        assert re.search(rf"^  {place} +\S", stop.value.code, re.MULTILINE)


@pytest.mark.usefixtures("nothing_found")
def test_a_gsl_that_does_not_link_is_passed_over(monkeypatch, tmp_path):
    setup = load_setup()
    for name in ("broken", "whole"):
        (tmp_path / name / "include" / "gsl").mkdir(parents=True)
    monkeypatch.setenv("GSL_PREFIX", str(tmp_path / "broken"))
    monkeypatch.setenv("CONDA_PREFIX", str(tmp_path / "whole"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "whole"))

    class Compiler:
        def compile(self, sources, **_):
            return sources

        def link_executable(self, objects, name, *, library_dirs, **_):
            if "broken" in library_dirs[0]:
                raise setup.LinkError("no such library")

    assert str(tmp_path / "whole") in setup.find_gsl(Compiler())["library_dirs"][0]
    monkeypatch.delenv("CONDA_PREFIX")
    with pytest.raises(SystemExit, match=r"GSL_PREFIX.*does not link: no such library"):
        setup.find_gsl(Compiler())


def test_another_conda_environment_is_not_used(monkeypatch, tmp_path):
    monkeypatch.setenv("CONDA_PREFIX", str(tmp_path))
    setup = load_setup()
    with pytest.raises(setup.NotHereError, match="not the one of this Python"):
        setup.from_conda()


@pytest.mark.parametrize("folder", ["core", "glue"])
def test_every_source_is_compiled_once(folder):
    listed = getattr(load_setup(), folder.upper())
    assert sorted(listed) == sorted(path.stem for path in (CSRC / folder).glob("*.c"))


def includes(path):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(encoding="utf-8"), re.MULTILINE)


def headers(folder):
    files = (CSRC / folder).glob("**/*")
    return {path.relative_to(CSRC / folder).as_posix() for path in files if path.suffix in {".h", ".inc"}}


# Python -> glue -> public headers <- core. What a folder may include: names or, ending in a slash, folders.
STANDARD = {f"{name}.h" for name in C_LIBRARY}
MAY_INCLUDE = {
    "include": STANDARD | headers("include"),
    "core": STANDARD | headers("include") | headers("core") | {"gsl/", "immintrin.h"},  # vector instructions
    "glue": STANDARD | headers("include") | headers("glue") | {"Python.h", "numpy/"},
}


@pytest.mark.parametrize("folder", MAY_INCLUDE)
def test_includes_point_one_way(folder):
    files = [path for path in (CSRC / folder).glob("**/*") if path.suffix in {".c", ".h", ".inc"}]
    assert files
    allowed = MAY_INCLUDE[folder]
    wrong = [
        f"{path.relative_to(ROOT)} includes {name}"
        for path in files
        for name in includes(path)
        if name not in allowed and f"{name.split('/')[0]}/" not in allowed
    ]
    assert not wrong
