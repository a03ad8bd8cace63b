"""Compiles the engine; everything else about the package stands in pyproject.toml.

PERDURE_CFLAGS replaces the compiler's flags; PERDURE_ONLY names the modules to build;
PERDURE_PROFILE is for tools/profiled.py and what comes after it.
"""

import os
import sys
import sysconfig
from glob import glob

from Cython.Build import cythonize
from setuptools import Extension, setup

# No debug symbols: they double the time of compiling and make the wheel five times as large.
usual = "/O2" if sys.platform == "win32" else "-O3 -g0 -fno-semantic-interposition -Wno-unused-variable"
flags = os.environ.get("PERDURE_CFLAGS", usual).split()
profile = os.path.abspath(os.path.join("build", "profile", str(sysconfig.get_config_var("SOABI"))))
by_profile = {
    "": [],
    "generate": ["-fprofile-generate", f"-fprofile-dir={profile}"],
    # What the training did not reach is compiled as without a profile.
    "use": ["-fprofile-use", f"-fprofile-dir={profile}", "-fprofile-partial-training", "-fprofile-correction",
            "-Wno-missing-profile", "-DPERDURE_PROFILED"],
}[os.environ.get("PERDURE_PROFILE", "")]
only = os.environ.get("PERDURE_ONLY", "").split()  # while two people work on different ones
modules = [
    Extension(os.path.splitext(path)[0][len("src/"):].replace(os.sep, "."), [path],
              extra_compile_args=flags + by_profile, extra_link_args=by_profile[:1])
    for path in sorted(glob(os.path.join("src", "perdure", "_engine", "**", "*.pyx"), recursive=True))
    if not only or os.path.splitext(os.path.basename(path))[0] in only
]
directives = {
    "language_level": 3, "boundscheck": False, "wraparound": False, "initializedcheck": False,
    "cdivision": True, "nonecheck": False, "freethreading_compatible": True,
    "embedsignature": True, "embedsignature.format": "clinic",  # for inspect.signature
}
setup(
    ext_modules=cythonize(modules, compiler_directives=directives),
    options={"build_ext": {"parallel": os.cpu_count()}},
)
