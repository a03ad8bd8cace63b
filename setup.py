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


def modules(*paths, flags, link=()):
    return [
        Extension(os.path.splitext(path)[0][len("src/"):].replace(os.sep, "."), [path],
                  extra_compile_args=flags, extra_link_args=list(link))
        for path in sorted(glob(os.path.join("src", "perdure", *paths), recursive=True))
        if os.path.basename(path) not in ("__init__.py", "draft.py")  # which python -m runs
        if not only or os.path.splitext(os.path.basename(path))[0] in only
    ]


engine = modules("_engine", "**", "*.pyx", flags=flags + by_profile, link=by_profile[:1])
# What the built-in profile says is Python, and asked for every object: compiled, it takes two thirds of the time. With
# all of Python's checks, for it is written without a thought of C; -O3 would only take longer.
light = [flag.replace("-O3", "-O1") for flag in flags]
profile_of_values = [
    *modules("policy", "*.py", flags=light),
    *(each for name in ("builtin", "standard", "numpy", "pandas*", "pyarrow")
      for each in modules("policy", "tables", f"{name}.py", flags=light)),
    *modules("formats", "forms", "*.py", flags=light),  # asked for every date and number in a text
]
for_all = {"language_level": 3, "freethreading_compatible": True}
for_engine = for_all | {
    "boundscheck": False, "wraparound": False, "initializedcheck": False, "cdivision": True, "nonecheck": False,
    "embedsignature": True, "embedsignature.format": "clinic",  # for inspect.signature
}
for_python = for_all | {"annotation_typing": False}
setup(
    ext_modules=[
        *cythonize(engine, compiler_directives=for_engine),
        *cythonize(profile_of_values, compiler_directives=for_python),
    ],
    options={"build_ext": {"parallel": os.cpu_count()}},
)
