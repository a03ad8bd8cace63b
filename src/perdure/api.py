"""``dump``, ``load``, ``dumps``, ``loads``: joins the engine, the policy and the files.

Rules: an argument that cannot be honoured raises before anything is read or written; nothing
is ever silently ignored. What this module decides, it decides once a call; every loop over
objects or bytes is the engine's.
"""

from __future__ import annotations

import os
from functools import wraps

from perdure._engine.collector import pause_collector
from perdure._engine.reader import unpickler as _reader
from perdure._engine.reader.listing import names_in
from perdure._engine.writer import pickler as _writer
from perdure._engine.writer.pickler import Pickler
from perdure.errors import CorruptError, UntrustedError
from perdure.files import is_marked
from perdure.files.progress import Progress, Reading, Writing, checked
from perdure.policy import policy_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Literal, ParamSpec, Protocol, TypeVar

    from perdure.files.progress import Tell
    from perdure.policy import Policy, TrustAll

    Trusted = TrustAll | Iterable[Any] | None
    Given = ParamSpec("Given")
    Result = TypeVar("Result")
    Key = Any  # None, a bool, 32 bytes, a key of perdure.keys, a publisher's private key

    class _Readable(Protocol):
        """What can be loaded from; ``readinto`` and ``peek`` are used where they are there."""

        def read(self, size: int, /) -> bytes: ...

        def readline(self) -> bytes: ...

    class _Writable(Protocol):
        """What can be dumped to."""

        def write(self, data: bytes, /) -> object: ...


__all__ = ["Pickler", "Unpickler", "dump", "dumps", "load", "loads", "pause_collector", "untrusted"]


def dumps(
    obj: object,
    protocol: int | None = None,
    *,
    canonical: bool = False,
    buffer_callback: Callable[[Any], object] | None = None,
    key: Key = None,
) -> bytes:
    """The pickle of ``obj`` as bytes, which the standard library can read too.

    ``canonical=True`` gives equal bytes for equal values, in every process: for content digests
    and caches. ``buffer_callback`` is the standard module's: it takes each large buffer that is
    to travel out of band. ``key`` seals the bytes, for caches and queues: ``True`` is the user's own
    key, or 32 bytes, or one of ``perdure.keys``; what is sealed by a key that the reader holds loads in full.

    Raises PicklingError, or whatever a method of the object raised; either says where in
    the object it arose.

    >>> import perdure
    >>> perdure.loads(perdure.dumps({"rows": [(1, 2.5), (2, None)]}))
    {'rows': [(1, 2.5), (2, None)]}
    >>> perdure.dumps({"b", "a"}, canonical=True) == perdure.dumps({"a", "b"}, canonical=True)
    True
    """
    stream = _writer.dumps(obj, protocol, buffer_callback=buffer_callback, canonical=canonical, path_notes=True)
    return stream if key is None or key is False else _filing().sealed(stream, key)


def loads(
    data: Any,
    *,
    trusted: Trusted = None,
    limits: Mapping[str, int] | None = None,
    key: Key = None,
    buffers: Iterable[Any] | None = None,
    encoding: str = "ASCII",
    errors: str = "strict",
    fix_imports: bool = True,
) -> Any:
    """The object whose pickle ``data`` is: bytes, or anything that has a buffer of them.

    ``trusted=None`` loads values of known types alone; whatever the stream says, no code runs.
    ``trusted=perdure.TRUST_ALL`` loads everything, as the standard library does. What lies between
    them docs/trust.md explains. ``limits`` replaces budgets that are otherwise in proportion to the
    stream: ``{"hashing": steps, "memory": bytes that constructors may copy, "expanded": bytes that
    a compressed file may make}``, the last of :func:`load` alone.
    Bytes that are sealed by a key of yours load in full. ``key`` is one more that you know, ``False`` none.
    ``buffers``, ``encoding``, ``errors`` and ``fix_imports`` are the standard module's.

    Raises UntrustedError for a name outside the policy, CorruptError for a malformed stream,
    LimitError for one that asks for more than its size allows, TamperedError where a seal of yours is wrong.

    >>> import perdure
    >>> perdure.loads(b"\\x80\\x04N.") is None
    True
    >>> perdure.loads(b"cos\\nsystem\\n(S'true'\\ntR.")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    perdure.errors.UntrustedError: ...os.system...
    """
    policy = policy_for(trusted)
    given = None if limits is None else _limits(limits)
    try:
        if is_marked(data[:12] if type(data) is bytes else memoryview(data)[:12].tobytes()):
            return _filing().loads_sealed(
                data, key, policy,
                lambda stream, chosen: _reader.loads_policy(
                    stream, chosen, fix_imports, encoding, errors, buffers, given
                ),
            )  # fmt: skip
        return _reader.loads_policy(data, policy, fix_imports, encoding, errors, buffers, given)
    except UntrustedError as error:
        raise _with_all_names(error, data, policy, fix_imports) from None


def _with_all_names(
    error: UntrustedError, data_or_path: Any, policy: Policy | None, fix_imports: bool
) -> UntrustedError:
    """The refusal with the other names too that the stream would need, so that they need not be met one by one."""
    try:
        found = _names(data_or_path, policy, fix_imports)[:1000]
        others = [name[:400] for name in found if name not in error.names]
    except (OSError, CorruptError, MemoryError):
        return error
    if policy is None or not others or not error.names or not str(error).startswith(f"{error.names[0]} is not trusted"):
        return error
    names = (*error.names, *others)
    advice = policy.advice(names)
    shown = ", ".join(repr(f"{name:.200}") for name in advice[:20]) + (", ..." if len(advice) > 20 else "")
    whole = UntrustedError(
        f"{names[0]} and {len(names) - 1} other names are not trusted, and nothing of them was imported or run; "
        f"if you trust them: trusted=[{shown}]",
        names,
    )
    for note in getattr(error, "__notes__", ()):
        whole.add_note(note)
    return whole


def untrusted(data_or_path: Any, *, trusted: Trusted = None, fix_imports: bool = True) -> tuple[str, ...]:
    """The names in a pickle that ``loads(data, trusted=trusted)`` would refuse: dotted, each once, in the
    order in which they come. Nothing is built, and nothing of them is imported.

    ``data_or_path`` is bytes, or anything that has a buffer of them, or the path of a file, compressed or not.

    A name that is not listed may still be refused for what the stream does with it: where it calls what
    is only a value, say.

    Raises CorruptError for a malformed stream, LimitError for a file that expands out of proportion, and OSError.

    >>> import operator, perdure
    >>> perdure.untrusted(perdure.dumps([operator.attrgetter("real"), 1]))
    ('operator.attrgetter',)
    """
    return _names(data_or_path, policy_for(trusted), fix_imports)


def _names(data_or_path: Any, policy: Policy | None, fix_imports: bool) -> tuple[str, ...]:
    if policy is None:
        return ()
    if isinstance(data_or_path, (str, os.PathLike)):
        with open(data_or_path, "rb") as file, _mapped(file) as view:
            pairs = names_in(_expanded(file, view), fix_imports=fix_imports)
    else:
        pairs = names_in(data_or_path, fix_imports=fix_imports)
    return tuple(f"{module}.{name}" for module, name in pairs if not policy.allows(module, name))


def _expanded(file: Any, view: memoryview) -> Any:
    """What a compressed file holds; another file's bytes as they are."""
    from perdure.files.compression import sniff

    if sniff(bytes(view[:16])) is None:
        return view
    from perdure.files.reading import Source

    return Source(file).looked_at()


def _mapped(file: Any) -> Any:
    """A file's bytes as they lie in the system's cache; in memory where a file can't be mapped."""
    import mmap

    try:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError):  # an empty one, a pipe
        return memoryview(file.read())


def _by_joblibs_names(
    positional: int, same: dict[str, str], others: dict[str, str]
) -> Callable[[Callable[Given, Result]], Callable[Given, Result]]:
    """Makes a call take joblib's names of arguments: ``same`` are those that mean the same here, by our names of them;
    ``others`` say what to do in their place."""

    def decorate(call: Callable[Given, Result]) -> Callable[Given, Result]:
        @wraps(call)
        def named(*given: Given.args, **options: Given.kwargs) -> Result:
            if len(given) > positional:
                raise TypeError(f"{call.__name__} takes {positional} by position, the others by name: mmap_mode='r'")
            if options.keys().isdisjoint(others) and options.keys().isdisjoint(same):
                return call(*given, **options)
            for name in others.keys() & options.keys():
                raise TypeError(f"{call.__name__} takes no {name}=: {others[name]}")
            if len({same.get(name, name) for name in options}) < len(options):
                raise TypeError(f"{call.__name__} got one argument by two names: {', '.join(options)}")
            return call(*given, **{same.get(name, name): value for name, value in options.items()})  # type: ignore[arg-type]

        return named

    return decorate


@_by_joblibs_names(3, {"value": "obj", "filename": "file"}, {"cache_size": "it means nothing since joblib 0.8"})
def dump(
    obj: object,
    file: str | os.PathLike[str] | _Writable,
    protocol: int | None = None,
    *,
    compress: bool | int | str | tuple[str, int] | None = None,
    key: Key = None,
    canonical: bool = False,
    metadata: Mapping[str, Any] | None = None,
    progress: Tell | None = None,
    buffer_callback: Callable[[Any], object] | None = None,
) -> None:
    """Writes the pickle of ``obj`` to a path or a binary file object.

    A path is replaced whole or not at all: the new file is complete and on disk before it takes
    the old one's name, and if anything fails the old one stays as it was. Behind the stream stand
    its digests, and a seal by which ``load`` knows whose file it is (docs/file-format.md). To a
    file object the bare stream is written, so that several can follow one another.

    ``compress`` is ``True``, ``"zstd"``, ``"gzip"``, ``"lz4"``, ``"xz"``, one of them and a level, or a
    level alone (of the path's suffix, or gzip's); without it the suffix says. ``key`` seals in place of
    the user's own key, which is made when it is first needed; ``key=False`` writes no seal. ``metadata``
    is a dict that JSON can hold. ``canonical`` and ``buffer_callback`` are those of :func:`dumps`;
    ``protocol`` of a path is 5 by default, so that arrays can be mapped. ``progress(done, total)`` is
    called with the bytes that are written, at most once for each MiB and once at the end; ``total`` is
    None until then, and what it raises ends the dump. joblib's names, where they mean the same, are taken.

    Raises what dumps raises, OSError, which names the path, and KeyFileError for a key that
    can't be used.

    >>> import perdure
    >>> perdure.dump({"answer": 42}, "answer.sav")
    >>> perdure.load("answer.sav")
    {'answer': 42}
    """
    if isinstance(protocol, (bool, str, tuple)):
        raise TypeError(f"the third argument is the protocol, a number, not {protocol!r:.50}; compress= goes by name")
    if progress is not None:
        checked(progress)
    if isinstance(file, (str, os.PathLike)):
        _filing().dump_file(
            obj, file, protocol, compress=compress, key=key, user=metadata, canonical=canonical,
            buffer_callback=buffer_callback, progress=progress,
        )  # fmt: skip
        return
    for name, value in (("compress", compress), ("key", key), ("metadata", metadata)):
        if value is not None and value is not False:
            raise ValueError(f"{name}= is for paths: a file object gets the bare stream; nothing was written")
    told = None if progress is None else Progress(progress)
    target = file if told is None else Writing(file, told)
    _writer.dump(obj, target, protocol, buffer_callback=buffer_callback, canonical=canonical, path_notes=True)
    if told is not None:
        told.finish()


@_by_joblibs_names(1, {"filename": "file"}, {
    "ensure_native_byte_order": "arrays have the order of bytes that they were saved with; "
    "array.astype(array.dtype.newbyteorder('=')) gives the machine's",
})  # fmt: skip
def load(
    file: str | os.PathLike[str] | _Readable,
    *,
    trusted: Trusted = None,
    limits: Mapping[str, int] | None = None,
    key: Key = None,
    mmap_mode: Literal["r", "c"] | None = None,
    verify: Literal["auto"] | bool = "auto",
    progress: Tell | None = None,
    buffers: Iterable[Any] | None = None,
    encoding: str = "ASCII",
    errors: str = "strict",
    fix_imports: bool = True,
) -> Any:
    """The object in a file: a path, or a binary file object that stands where a stream begins.

    A file that is sealed by a key of yours, or by a publisher whom you trust, loads in full; any
    other what ``trusted`` lets through. Its bytes are proven before any of them is believed.

    ``mmap_mode`` leaves large arrays in the file: ``"r"`` read-only, ``"c"`` with changes that stay in
    memory. ``verify="auto"`` looks at every byte, but at those of mapped arrays only when they are
    used; ``True`` at those too; ``False`` at the stream and its seal alone. ``key`` is one more key
    that you know; ``key=False`` believes no seal. ``trusted``, ``limits`` and the last four arguments
    are those of :func:`loads`. ``progress(done, total)`` is called with bytes of the file, at most once for each
    MiB and once at the end; ``total`` is None for file objects until then. What it raises ends the load.
    joblib's names, where they mean the same, are taken.

    Raises what loads raises, and OSError; CorruptError for a damaged file, TamperedError for one whose
    content is not what your key has sealed.
    """
    if progress is not None:
        checked(progress)
    if verify not in ("auto", True, False):
        raise ValueError(f"verify= is 'auto', True or False, not {verify!r:.50}")
    policy = policy_for(trusted)
    given = _limits(limits)
    expanded = None if given is None else given.pop("expanded", None)

    def build(stream: Any, chosen: Policy | None, large: Iterable[Any] | None) -> Any:
        read = _reader.loads_policy if isinstance(stream, bytes) else _reader.load_policy
        return read(stream, chosen, fix_imports, encoding, errors, large, given)

    if not isinstance(file, (str, os.PathLike)):
        for name, value in (("mmap_mode", mmap_mode), ("key", key or None), ("verify", verify is True or None)):
            if value is not None:
                raise ValueError(f"{name}= is for paths: of a file object the bare stream is read; nothing was")
        if progress is None:
            return build(file, policy, buffers)
        told = Progress(progress)
        made = build(Reading(file, told), policy, buffers)
        told.finish()
        return made
    try:
        with open(file, "rb") as opened:
            return _filing().load_file(
                opened, policy, build, key=key, mmap_mode=mmap_mode, verify=verify, buffers=buffers,
                expanded=expanded, progress=progress,
            )  # fmt: skip
    except UntrustedError as error:
        raise _with_all_names(error, file, policy, fix_imports) from None


def _filing() -> Any:
    """What files and seals need, imported when they are used first."""
    from perdure import filing

    return filing


class Unpickler(_reader.PolicyUnpickler):
    """Loads one object after another from a binary file, through one memo, under one policy.

    ``trusted``, ``limits`` and the last four arguments are those of :func:`loads`. A subclass that overrides
    ``find_class`` is its own policy for names: a class that it returns is trusted. A function is a
    value there; one that streams call is trusted by ``trusted=`` too. What ``persistent_load``
    returns is a value.
    """

    def __init__(
        self,
        file: _Readable,
        *,
        trusted: Trusted = None,
        limits: Mapping[str, int] | None = None,
        buffers: Iterable[Any] | None = None,
        encoding: str = "ASCII",
        errors: str = "strict",
        fix_imports: bool = True,
    ) -> None:
        super().__init__(
            file,
            policy_for(trusted, own=True),
            fix_imports=fix_imports,
            encoding=encoding,
            errors=errors,
            buffers=buffers,
            limits=_limits(limits),
        )


def _limits(limits: Mapping[str, int] | None) -> dict[str, int] | None:
    if limits is None:
        return None
    for name, number in limits.items():
        if name not in ("hashing", "memory", "expanded"):
            raise ValueError(f"limits= takes 'hashing', 'memory' and 'expanded', not {name!r:.100}")
        if not isinstance(number, int) or not 0 <= number < 1 << 62:
            raise ValueError(f"limits={{{name!r}: ...}} is a number of steps or bytes")
    return dict(limits)
