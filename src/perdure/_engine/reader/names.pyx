"""From a name in the stream to the object it names, by the standard module's rules.

Nothing is remembered between loads: modules are reloaded and classes replaced. Names of
protocols 0 to 2 pass through the tables of ``_compat_pickle`` first.
"""


import _compat_pickle
import copyreg

from cpython.object cimport PyObject

cdef extern from "Python.h":
    int PySys_Audit(const char*, const char*, ...) except -1
    PyObject* PyImport_GetModuleDict()
    object PyImport_Import(object)
    PyObject* PyDict_GetItemWithError(PyObject*, object) except? NULL
    PyObject* PyModule_GetDict(object)
    int PyModule_CheckExact(object)


cdef object loaded_module(object name):
    """sys.modules[name] where it is there and not being imported just now, else None."""
    cdef PyObject* found
    cdef PyObject* spec
    cdef object module
    if type(name) is not str:
        return None
    found = PyDict_GetItemWithError(PyImport_GetModuleDict(), name)
    if found == NULL:
        return None
    module = <object>found
    if not PyModule_CheckExact(module):
        return None
    spec = PyDict_GetItemWithError(PyModule_GetDict(module), "__spec__")
    if spec == NULL or getattr(<object>spec, "_initializing", False):
        return None
    return module


cdef object find_global(object module_name, object global_name, int proto, bint fix_imports):
    PySys_Audit(b"pickle.find_class", b"OO", <PyObject*>module_name, <PyObject*>global_name)
    if proto < 3 and fix_imports:
        module_name, global_name = renamed(module_name, global_name)
    module = loaded_module(module_name)
    if module is None:
        module = PyImport_Import(module_name)
    if proto < 4 or type(global_name) is str and "." not in global_name:
        return getattr(module, global_name)
    path = global_name.split(".")
    try:
        found = module
        for name in path:
            found = getattr(found, name)
        return found
    except AttributeError:
        raise AttributeError(f"Can't resolve path {global_name!r} on module {module_name!r}")


cdef tuple renamed(object module_name, object global_name):
    """What Python 2 called so, as Python 3 calls it."""
    pair = _compat_pickle.NAME_MAPPING.get((module_name, global_name))
    if pair is not None:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise RuntimeError("_compat_pickle.NAME_MAPPING values should be 2-tuples, "
                               f"not {type(pair).__name__:.200}")
        if not isinstance(pair[0], str) or not isinstance(pair[1], str):
            raise RuntimeError("_compat_pickle.NAME_MAPPING values should be pairs of str, "
                               f"not ({type(pair[0]).__name__:.200}, {type(pair[1]).__name__:.200})")
        return pair
    module = _compat_pickle.IMPORT_MAPPING.get(module_name)
    if module is None:
        return module_name, global_name
    if not isinstance(module, str):
        raise RuntimeError("_compat_pickle.IMPORT_MAPPING values should be strings, "
                           f"not {type(module).__name__:.200}")
    return module, global_name


cdef object find_extension(long code):
    """The object that copyreg has cached for an extension code, or None."""
    return copyreg._extension_cache.get(code)


cdef object extension_name(long code):
    """The (module, name) registered for an extension code."""
    pair = copyreg._inverted_registry.get(code)
    if pair is None:
        raise ValueError(f"unregistered extension code {code}")
    if (not isinstance(pair, tuple) or len(pair) != 2
            or not isinstance(pair[0], str) or not isinstance(pair[1], str)):
        raise ValueError(f"_inverted_registry[{code}] isn't a 2-tuple of strings")
    return pair


cdef int keep_extension(long code, object found) except -1:
    copyreg._extension_cache[code] = found
