"""Compiles the engine; everything else about the package stands in pyproject.toml.

PERDURE_CFLAGS replaces the compiler's flags; PERDURE_ONLY names the modules to build.
"""

import os
import sys
from glob import glob

from Cython.Build import cythonize
from setuptools import Extension, setup

# No debug symbols: they double the time of compiling and make the wheel five times as large.
usual = "/O2" if sys.platform == "win32" else "-O3 -g0 -fno-semantic-interposition -Wno-unused-variable"
flags = os.environ.get("PERDURE_CFLAGS", usual).split()
only = os.environ.get("PERDURE_ONLY", "").split()  # while two people work on different ones
modules = [
    Extension(os.path.splitext(path)[0][len("src/"):].replace(os.sep, "."), [path], extra_compile_args=flags)
    for path in sorted(glob(os.path.join("src", "perdure", "_engine", "*.pyx")))
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
