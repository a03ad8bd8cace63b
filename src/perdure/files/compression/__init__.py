"""Compressed files: which codec is asked for, which one a file is in, and where its trailer lies.

gzip, Zstandard, LZ4 and xz, each so that its own tool reads the file. ``docs/file-format.md`` says where
each of them hides the trailer.
"""

from __future__ import annotations

import os

from perdure.errors import CorruptError
from perdure.files.compression import frames, gzip, xz
from perdure.files.compression.codec import LONGEST, TAIL, Codec, Compressor
from perdure.files.compression.frames import Lz4, Zstd
from perdure.files.compression.gzip import Gzip
from perdure.files.compression.reading import Decompressed, Frames
from perdure.files.compression.xz import Xz

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Compress = bool | int | str | tuple[str, int] | None

__all__ = ["Codec", "Compressor", "Decompressed", "Frames", "codec_for", "find_trailer", "sniff"]

_BY_NAME: dict[str, type[Codec]] = {codec.name: codec for codec in (Zstd, Gzip, Lz4, Xz)}
_BY_SUFFIX: dict[str, type[Codec]] = {".zst": Zstd, ".gz": Gzip, ".lz4": Lz4, ".xz": Xz}
# What others call it; zlib's and LZMA's own formats have no room for a trailer.
_ALIKE = {"zlib": "gzip", "lzma": "xz", "gz": "gzip", "zst": "zstd"}
_END = 64  # bytes: in them the trailer's tail ends, in every container


def codec_for(compress: Compress, path: str | bytes | os.PathLike[str] | os.PathLike[bytes] | None) -> Codec | None:
    """The codec that ``compress=`` asks for, None for none.

    ``None`` goes by the suffix of the path: .gz, .zst, .lz4, .xz. ``False`` is none whatever the suffix, and so is 0.
    ``True`` is zstd where it is there, else gzip. A number is a level: of the suffix's, else of gzip. Else the name of
    one, or its name and level.

    Raises ValueError or TypeError for anything else, ModuleNotFoundError, which says what to install, where
    the format's library is not there.
    """
    codec: Codec
    if compress is None:
        of_suffix = _of_suffix(path)
        if of_suffix is None:
            return None
        codec = of_suffix()
    elif compress is True:
        try:
            Zstd().check()
            return Zstd()
        except ModuleNotFoundError:
            codec = Gzip()
    elif isinstance(compress, int):
        if not compress:
            return None
        codec = _at_level((_of_suffix(path) or Gzip).name, compress)
    elif isinstance(compress, str):
        codec = _named(compress)()
    elif isinstance(compress, tuple) and len(compress) == 2 and isinstance(compress[0], str):
        codec = _at_level(*compress)
    else:
        raise TypeError(
            f"compress= must be True, False, None, a name ({', '.join(map(repr, _BY_NAME))}), a name and a level, "
            f"such as ('zstd', 3), or a level, not {compress!r:.100}"
        )
    codec.check()
    return codec


def _of_suffix(path: str | bytes | os.PathLike[str] | os.PathLike[bytes] | None) -> type[Codec] | None:
    return None if path is None else _BY_SUFFIX.get(os.path.splitext(os.fsdecode(path))[1].lower())


def _named(name: str) -> type[Codec]:
    if name not in _BY_NAME:
        alike = f"; {_ALIKE[name]!r} is what compresses alike" if name in _ALIKE else ""
        raise ValueError(f"compress= must name one of {', '.join(map(repr, _BY_NAME))}, not {name!r:.100}{alike}")
    return _BY_NAME[name]


def _at_level(name: str, level: int) -> Codec:
    codec = _named(name)
    if not isinstance(level, int) or isinstance(level, bool):
        raise TypeError(f"the level of compress=({name!r}, level) must be an int, not {level!r:.100}")
    if level not in codec.levels:
        raise ValueError(f"{name} has the levels {codec.levels[0]} to {codec.levels[-1]}, not {level}")
    return codec(level)


def sniff(first_bytes: bytes) -> Codec | None:
    """The codec of a file that begins so, None if it is none of the four's. Six bytes are enough."""
    for codec in _BY_NAME.values():
        if first_bytes.startswith(codec.magic):
            return codec()
    return None


def find_trailer(read_at: Callable[[int, int], bytes], size: int) -> tuple[Codec, bytes, int] | None:
    """The trailer of a compressed file of ``size`` bytes: its codec, its bytes, and where its container begins,
    which is where the compressed stream ends. None where the file's end is no container.

    ``read_at(offset, n)`` gives n bytes of the file. A file without one costs one read of 64 bytes. The
    trailer is only found here, not believed; but every byte of the container around it is checked.

    Raises CorruptError for a container that is damaged, and what read_at raises.
    """
    end = _read(read_at, max(0, size - _END), min(size, _END))
    at = end.rfind(TAIL)
    if at < 8:
        return None
    length = int.from_bytes(end[at - 8 : at], "little")
    codec: Codec
    if end.endswith(gzip.END):
        codec = Gzip()
    elif end.endswith(xz.END):
        codec = Xz()
    elif end.endswith(TAIL) and length <= min(LONGEST, size - 8):  # an uncompressed file's trailer ends so too
        head = _read(read_at, size - length - 8, 8)
        if head[:4] != frames.SKIPPABLE:
            return None
        found = sniff(_read(read_at, 0, min(size, 6)))
        if not isinstance(found, (Zstd, Lz4)):
            raise CorruptError("the file ends as a compressed one, and does not begin so", 0)
        codec = found
    else:
        return None
    if not len(TAIL) + 8 <= length <= LONGEST:
        raise CorruptError(f"the file's trailer claims {length} bytes", size)
    start = size - codec.container_length(length)
    if start < 0:
        raise CorruptError(f"the file's trailer claims {length} bytes, more than there are", size)
    container = _read(read_at, start, size - start)
    trailer = codec.contained(container, length)
    if codec.container(trailer) != container:
        raise CorruptError(f"what holds the file's trailer is no valid {codec.name}", start)
    return codec, trailer, start


def _read(read_at: Callable[[int, int], bytes], offset: int, size: int) -> bytes:
    data = read_at(offset, size)
    if len(data) != size:
        raise CorruptError("the file became shorter while it was read", offset + len(data))
    return data
