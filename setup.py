"""Compiles the engine; everything else about the package stands in pyproject.toml."""

import os
from glob import glob

from Cython.Build import cythonize
from setuptools import Extension, setup

flags = os.environ.get("PERDURE_CFLAGS", "-O3 -fno-semantic-interposition").split()
only = os.environ.get("PERDURE_ONLY", "").split()  # some modules' names, while two people work on others
modules = [
    Extension(path[len("src/"):-len(".pyx")].replace("/", "."), [path], extra_compile_args=flags)
    for path in sorted(glob("src/perdure/_engine/*.pyx"))
    if not only or os.path.basename(path)[:-len(".pyx")] in only
]
directives = {
    "language_level": 3, "boundscheck": False, "wraparound": False, "initializedcheck": False,
    "cdivision": True, "nonecheck": False, "freethreading_compatible": True,
}
setup(ext_modules=cythonize(modules, compiler_directives=directives))
