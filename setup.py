"""The C extension; everything else about the package stands in pyproject.toml.

GSL is looked for when the extension is built, not when this file is read: metadata and source archives can be
made on a machine that has no GSL.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from glob import glob
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, LinkError

CORE = """
    status memory distribution quantile_search t_table mixture mixture_condition margin_table
    dense growth_windows growth_calendar growth_covariance growth_point growth_posterior growth_nodes random_walk
    growth_batch growth_quantiles growth_score growth_learn margin_score
    random lattice shift_sums normal_interval log_quadrature separation_plain separation_avx2 separation_avx512 kernels
    rectangle_order rectangle_tilt rectangle_factor chi_scale rectangle_lattice rectangle
    reverse_time joint_part joint_given scale_rule joint_bins joint_places joint_source joint_memo joint_line joint_mode joint_lattice joint
    sov_rows sov_table sov_block sov_plan sov_pilot sov
    exact_sum scale_table path_plain path_avx2 path_avx512 simulation simulate
""".split()
GLUE = "module arrays raise glue_mixture glue_growth glue_joint glue_sov glue_simulate".split()

WINDOWS = sys.platform == "win32"
# No fused multiply-add: the same source gives the same bytes on every machine.
GNU_FLAGS = "-std=c11 -O2 -Wall -Wextra -Wconversion -ffp-contract=off -fvisibility=hidden".split()
MSVC_FLAGS = "/std:c11 /O2 /fp:precise".split()

GSL_MISSING = """\
attain needs the GNU Scientific Library (GSL) with its headers, and no place offered one that links:
{tried}
Install it, then try again:
  Debian, Ubuntu  sudo apt-get install libgsl-dev pkg-config
  Fedora, RHEL    sudo dnf install gsl-devel
  Alpine          apk add gsl-dev
  macOS           brew install gsl
  conda           conda install -c conda-forge gsl
  Windows         vcpkg install gsl:x64-windows, and set VCPKG_ROOT
Or set GSL_PREFIX to the folder that holds include/gsl and lib."""

PROBE = """\
#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_gamma.h>
int main(void)
{
    gsl_set_error_handler_off();
    return gsl_sf_beta_inc(1.0, 1.0, 0.5) > 1.0;
}
"""


class NotHereError(Exception):
    """Why one place offers no usable GSL."""


def variable(*names):
    """The first of these environment variables that is set, as a folder."""
    for name in names:
        if value := os.environ.get(name):
            return Path(value)
    raise NotHereError(f"{' and '.join(names)} not set")


def under(folder):
    """What to add to the extension for a GSL with include/ and lib/ in `folder`."""
    if not (folder / "include" / "gsl").is_dir():
        raise NotHereError(f"{folder} has no include/gsl")
    return {
        "include_dirs": [str(folder / "include")],
        "library_dirs": [str(folder / "lib")],
        "libraries": ["gsl", "gslcblas"] if WINDOWS else ["gsl", "gslcblas", "m"],
        # Without these two GSL's headers do not import its data, such as the root solvers, from the DLL.
        "define_macros": [("WIN32", None), ("GSL_DLL", None)] if WINDOWS else [],
    }


def printed_by(*command):
    """The same, from a tool that prints compiler flags."""
    try:
        flags = shlex.split(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    except OSError as error:
        raise NotHereError(f"{command[0]}: {error.strerror}") from None
    except subprocess.CalledProcessError as error:
        raise NotHereError(" ".join(error.stderr.split()) or f"{command[0]} failed") from None
    known = {"-I": "include_dirs", "-L": "library_dirs", "-l": "libraries"}
    settings = {name: [flag[2:] for flag in flags if flag[:2] == start] for start, name in known.items()}
    return settings | {"extra_compile_args": [flag for flag in flags if flag[:2] not in known]}


def from_prefix():
    return under(variable("GSL_PREFIX"))


def from_conda():
    folder = variable("CONDA_PREFIX")
    if folder.resolve() != Path(sys.prefix).resolve():
        raise NotHereError("the active environment is not the one of this Python")
    return under(folder / "Library" if WINDOWS else folder)


def from_pkg_config():
    return printed_by(os.environ.get("PKG_CONFIG", "pkg-config"), "--cflags", "--libs", "gsl")


def from_gsl_config():
    return printed_by("gsl-config", "--cflags", "--libs")


def from_vcpkg():
    installed = variable("VCPKG_ROOT", "VCPKG_INSTALLATION_ROOT") / "installed"
    triplet = os.environ.get("VCPKG_DEFAULT_TRIPLET", "x64-windows" if WINDOWS else "x64-linux")
    return under(installed / triplet)


PLACES = {
    "GSL_PREFIX": from_prefix,
    "conda": from_conda,
    "pkg-config": from_pkg_config,
    "gsl-config": from_gsl_config,
    "vcpkg": from_vcpkg,
}


def try_link(compiler, settings):
    """Headers without a library, or a library of another architecture, show only when a program is linked."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text(PROBE, encoding="ascii")
        try:
            objects = compiler.compile(
                [str(source)],
                output_dir=folder,
                include_dirs=settings["include_dirs"],
                macros=settings.get("define_macros", []),
                extra_postargs=settings.get("extra_compile_args", []),
            )
            compiler.link_executable(
                objects,
                "probe",
                output_dir=folder,
                libraries=settings["libraries"],
                library_dirs=settings["library_dirs"],
            )
        except CompileError as error:
            raise NotHereError(f"a test program does not compile: {error}") from None
        except LinkError as error:
            raise NotHereError(f"a test program does not link: {error}") from None


def find_gsl(compiler):
    """Settings of the first place whose GSL links; without any, stop and say what to install."""
    tried = []
    for name, offer in PLACES.items():
        try:
            settings = offer()
            try_link(compiler, settings)
        except NotHereError as reason:
            tried.append(f"  {name:<11} {reason}")
        else:
            return settings
    raise SystemExit(GSL_MISSING.format(tried="\n".join(tried)))


class BuildExtension(build_ext):
    """Adds to the extension what only this machine knows: its GSL, its NumPy, its compiler's flags."""

    def build_extensions(self):
        gsl = find_gsl(self.compiler)
        import numpy  # late, for the same reason as GSL

        (extension,) = self.extensions
        extension.include_dirs.append(numpy.get_include())
        extension.extra_compile_args += MSVC_FLAGS if self.compiler.compiler_type == "msvc" else GNU_FLAGS
        for name, values in gsl.items():
            setattr(extension, name, getattr(extension, name) + values)
        if not WINDOWS:  # a GSL outside the loader's path has to be found again on import
            extension.runtime_library_dirs += gsl["library_dirs"]
        super().build_extensions()


if __name__ == "__main__":
    setup(
        ext_modules=[
            Extension(
                "attain._core",
                sources=[f"csrc/core/{name}.c" for name in CORE] + [f"csrc/glue/{name}.c" for name in GLUE],
                depends=["setup.py", *sorted(glob("csrc/**/*.h", recursive=True)), *glob("csrc/core/*.inc")],
                include_dirs=["csrc/include"],
                define_macros=[
                    ("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"),
                    ("NPY_TARGET_VERSION", "NPY_2_0_API_VERSION"),
                ],
            )
        ],
        cmdclass={"build_ext": BuildExtension},
    )
