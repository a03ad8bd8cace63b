"""Objects to files and back: joins the engine, the policy, the keys and the file format.

Rules: a file is proven before its first opcode is looked at. Who vouches for it decides what may load: whoever holds
one of the reader's keys, or is a publisher that the reader trusts, everything; anybody else, what the policy lets
through. Damage and forgery are errors, whatever ``trusted=`` says.
"""

from __future__ import annotations

import os
import warnings
from io import BytesIO

from perdure._engine.reader import unpickler as _reader
from perdure._engine.writer import pickler as _writer
from perdure.errors import CorruptError, PerdureWarning, TamperedError, UntrustedError
from perdure.files import is_marked, keys, metadata, reading, seals, trailer, writing
from perdure.files.compression import codec_for, sniff
from perdure.files.digesting import digest
from perdure.files.durable import opened
from perdure.files.progress import Progress, Writing, counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from perdure.files.progress import Tell
    from perdure.files.seals import Origin
    from perdure.files.trailer import Trailer
    from perdure.policy import Policy

__all__ = ["Report", "dump_file", "load_file", "loads_sealed", "sealed", "sign", "verify", "write_stream"]

_FIRST = 1 << 16  # bytes of a compressed file, in which its first bytes are
_COPIED = 1 << 22  # bytes of a file at once
_MARKED = 12  # bytes of a stream, in which its mark is


# ---- writing ---------------------------------------------------------------------------------


def dump_file(
    obj: object,
    path: str | os.PathLike[str],
    protocol: int | None,
    *,
    compress: Any,
    key: Any,
    user: Mapping[str, Any] | None,
    canonical: bool,
    buffer_callback: Callable[[Any], object] | None,
    progress: Tell | None,
) -> None:
    """What perdure.dump does with a path."""
    # By protocol 5 arrays are buffers, which can be mapped; every Python since 3.8 reads it.
    number = _writer.HIGHEST_PROTOCOL if protocol is None or protocol < 0 else protocol
    codec = codec_for(compress, path)
    signing = _signing(key)
    modules: set[str] = set()
    kept = metadata.checked(user)  # before anything is written
    with opened(path) as file:
        told = Progress(progress)
        write = Writing(file, told).write if told else file.write
        sink: writing.Padded | writing.Compressed
        if codec is None:
            sink = padded = writing.Padded(write, number)
            try:
                _writer.dump(
                    obj, padded, number, buffer_callback=buffer_callback, canonical=canonical, path_notes=True,
                    write_large=padded.write_large, modules=modules,
                )  # fmt: skip
            finally:
                padded.close()
        else:
            sink = writing.Compressed(write, codec.name)
            compressor = codec.compressor(sink.write)
            _writer.dump(
                obj, writing.Marked(compressor.write), number, buffer_callback=buffer_callback, canonical=canonical,
                path_notes=True, modules=modules,
            )  # fmt: skip
            compressor.finish()
        end = sink.trailer()
        end.meta = metadata.encoded(number, modules, kept)
        whole = _finished(end, signing)
        write(whole if codec is None else codec.container(whole))
        told.finish()


def _signing(key: Any) -> Any:
    """What seals: the user's own key by default, if there can be one."""
    if key is None:
        ring = keys.known(make=True)
        if ring.own is None:
            why = "; ".join(ring.problems) or "there is no key"
            warnings.warn(f"the file gets no seal: {why}", PerdureWarning, stacklevel=5)
        return ring.own
    return keys.signing_key(key)


def _finished(end: Trailer, signing: Any) -> bytes:
    end.purpose = getattr(signing, "purpose", "")
    body = end.encode()
    return end.finish([] if signing is None else [seals.seal(signing, body)])


def write_stream(stream: bytes, path: str | os.PathLike[str], *, compress: Any, key: Any) -> None:
    """A stream that is there already as a file: marked, with its trailer, compressed if the path's suffix says so."""
    codec = codec_for(compress, path)
    signing = keys.signing_key(key)
    with opened(path) as file:
        if codec is None:
            marked = writing.marked(stream)
            end = trailer.Trailer(len(marked), trailer.Digests(0, digest(marked)))
            file.write(marked)
        else:
            sink = writing.Compressed(file.write, codec.name)
            compressor = codec.compressor(sink.write)
            writing.Marked(compressor.write).write(stream)
            compressor.finish()
            end = sink.trailer()
        whole = _finished(end, signing)
        file.write(whole if codec is None else codec.container(whole))


def sealed(stream: bytes, key: Any) -> bytes:
    """A stream with its mark and a trailer by which its reader knows who wrote it."""
    stream = writing.marked(stream)
    end = trailer.Trailer(len(stream), trailer.Digests(0, digest(stream)))
    return stream + _finished(end, keys.signing_key(key))


# ---- reading ---------------------------------------------------------------------------------


def _origin(end: Trailer, key: Any) -> Origin:
    return seals.origin(end.seals, end.body, keys.known().accepting(key), end.purpose)


def loads_sealed(data: Any, key: Any, policy: Policy | None, load: Callable[[Any, Policy | None], Any]) -> Any:
    """The object of marked bytes."""
    stream, end = reading.split(data)
    return _by_origin(_origin(end, key), policy, lambda chosen: load(stream, chosen))


def load_file(
    file: Any,
    policy: Policy | None,
    load: Callable[[Any, Policy | None, Any], Any],
    *,
    key: Any,
    mmap_mode: str | None,
    verify: Any,
    buffers: Any,
    expanded: int | None,
    progress: Tell | None,
) -> Any:
    """The object in an open file; ``load(stream, policy, buffers)`` builds it, of bytes or a file. ``expanded`` is the
    limit of what a compressed one may make."""
    source = reading.Source(file)
    told = Progress(progress, source.size)
    made = _loaded(source, policy, load, key, mmap_mode, verify, buffers, expanded, told)
    told.finish()
    return made


def _loaded(
    source: reading.Source,
    policy: Policy | None,
    load: Callable[[Any, Policy | None, Any], Any],
    key: Any,
    mmap_mode: str | None,
    verify: Any,
    buffers: Any,
    expanded: int | None,
    told: Progress,
) -> Any:
    end, file = source.trailer, source.file
    if end is None:
        if mmap_mode is not None:
            raise ValueError("mmap_mode= is for files that perdure.dump wrote, uncompressed")
        return load(_expanded(source, _most(expanded, policy, source), told), policy, buffers)
    origin = _told(end, key, file)
    if source.codec is not None:
        if mmap_mode is not None:
            raise ValueError("mmap_mode= is for files that are not compressed")
        codec, content = source.codec, counted(BytesIO(source.whole()), told)

        def expand(chosen: Policy | None) -> Any:
            return load(codec.reader(content, limit=_most(expanded, chosen, source)), chosen, buffers)

        made = _by_origin(origin, policy, expand)
    else:
        mapped = None if mmap_mode is None else _mapped(file, mmap_mode)
        whole = verify is True or (verify == "auto" and mapped is None)
        if buffers is None:
            stream, given = source.stream(whole, mapped, _reader.empty_bytearray, told)
        elif mapped is None:  # in the stream's order come the caller's, which a large one of its own would be among
            stream, given = source.whole(), buffers
        else:
            raise ValueError("buffers= is not for files that are mapped")
        content = counted(BytesIO(stream), told) if told else stream
        made = _by_origin(origin, policy, lambda chosen: load(content, chosen, given))
    metadata.warn_of_versions(end.meta, stacklevel=5)
    return made


def _by_origin(origin: Origin, policy: Policy | None, load: Callable[[Policy | None], Any]) -> Any:
    """Everything of who is trusted; of others what the policy lets through, and a refusal says why they are others."""
    try:
        return load(None if origin else policy)
    except UntrustedError as error:
        error.add_note(f"nobody whom you trust vouches for these bytes: {origin.why}")
        raise


def _mapped(file: Any, mode: str) -> memoryview:
    from mmap import ACCESS_COPY, ACCESS_READ, mmap

    if mode not in ("r", "c"):
        raise ValueError(
            f"mmap_mode= is 'r' or 'c', not {mode!r:.20}: a file is never changed in place; "
            "with 'c' changes stay in memory, to be dumped again"
        )
    return memoryview(mmap(file.fileno(), 0, access=ACCESS_READ if mode == "r" else ACCESS_COPY))


def _most(expanded: int | None, policy: Policy | None, source: reading.Source) -> int | None:
    """How many bytes a compressed file may make; None for no limit, of somebody who is trusted with everything."""
    if expanded is not None or policy is None:
        return expanded
    return source.most()


def _expanded(source: reading.Source, limit: int | None, told: Progress) -> Any:
    """The stream of somebody else's file. Raises CorruptError for one of perdure's that has lost its trailer."""
    start = source.read_at(0, _FIRST)
    codec = sniff(start)
    file = counted(source.file, told)
    if codec is None:
        return file
    try:
        marked = is_marked(codec.reader(BytesIO(start)).read(_MARKED))
    except CorruptError:
        marked = False  # which is said where the rest is read
    if marked:
        raise CorruptError(reading.LOST)
    return codec.reader(file, limit=limit)


# ---- vouching --------------------------------------------------------------------------------


class Report:
    """What a file is, as :func:`verify` has found it. ``by`` is "own", "publisher" or "nobody", ``name`` whose key
    it was and ``why`` why it was nobody's; ``metadata`` the user's, ``packages`` and ``python`` the versions that it
    was written by, ``time`` when (seconds since 1970), ``compression`` the name of one, or ""."""

    def __init__(self, origin: Origin, end: Trailer) -> None:
        said = metadata.decoded(end.meta)
        self.by = origin.kind if origin else "nobody"
        self.name, self.why = origin.name, origin.why
        self.metadata: Any = said.get("user")
        self.packages: Any = said.get("packages", {})
        self.python: Any = said.get("python")
        self.time: Any = said.get("time")
        self.compression = end.compression

    def __bool__(self) -> bool:
        """Whether anybody vouches for it whom you trust."""
        return self.by != "nobody"

    def __repr__(self) -> str:
        return f"<{self.by}{f' {self.name!r}' if self.name else ''}{f': {self.why}' if self.why else ''}>"


def verify(path: str | os.PathLike[str], *, key: Any = None) -> Report:
    """Looks at every byte of a file that perdure.dump wrote, and at its seals. Builds nothing.

    ``key`` is one more key that you know, as for :func:`perdure.load`.

    Raises CorruptError for a damaged file, or one that has no trailer, TamperedError for a seal of yours that is
    wrong, and OSError.

    >>> import perdure
    >>> perdure.dump([1, 2], "numbers.sav", metadata={"by": "me"})
    >>> perdure.verify("numbers.sav").metadata
    {'by': 'me'}
    """
    with open(path, "rb") as file:
        source = _proven(file)
        assert source.trailer is not None
        return Report(_told(source.trailer, key, file), source.trailer)


def sign(path: str | os.PathLike[str], key: Any = True) -> None:
    """Adds a seal to a file, which is replaced whole: ``True`` is your own key's; a publisher's private key lets others
    load it in full who trust its public one. What you sign, you vouch for: look at it before.

    Raises what :func:`verify` raises, TypeError or KeyFileError for what is no key, and ValueError for a key whose
    purpose is not the file's.

    >>> import perdure
    >>> perdure.dump([1, 2], "numbers.sav", key=False)
    >>> perdure.sign("numbers.sav")
    >>> perdure.verify("numbers.sav").by
    'own'
    """
    signing = keys.signing_key(key)
    if signing is None:
        raise TypeError("sign takes a key: True for your own, or a publisher's private key")
    with open(path, "rb") as file:
        source = _proven(file)
        end = source.trailer
        assert end is not None
        if isinstance(signing, keys.Key) and signing.purpose != end.purpose:
            raise ValueError(f"the file is for the purpose {end.purpose!r}, and the key for {signing.purpose!r}")
        new = seals.seal(signing, end.body)
        whole = end.finish([each for each in end.seals if each[:2] != new[:2]] + [new])
        with opened(path) as out:
            offset = 0
            while offset < end.stream_length:
                part = source.read_at(offset, min(_COPIED, end.stream_length - offset))
                out.write(part)
                offset += len(part)
            out.write(whole if source.codec is None else source.codec.container(whole))


def _proven(file: Any) -> reading.Source:
    source = reading.Source(file)
    if source.trailer is None:
        raise CorruptError("the file has no trailer: it is no file that perdure.dump wrote at a path")
    source.prove()
    return source


def _told(end: Trailer, key: Any, file: Any) -> Origin:
    """Who vouches for a file; a forgery says which file it is."""
    try:
        return _origin(end, key)
    except TamperedError as error:
        error.path = os.fspath(file.name)
        raise
