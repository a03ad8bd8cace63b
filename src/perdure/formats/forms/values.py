"""Numbers, identifiers, paths, members of enums."""

from __future__ import annotations

from perdure.formats.forms.fields import expect, take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.formats.forms.fields import Fields, Made, Read, Write


def whole(text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()):
        raise ValueError("digits are expected")
    return int(text)


def text_alone(tag: str, name: str) -> tuple[Write, Read]:
    """Of what is called with one string."""

    def write(how: Any, args: list[Any], state: Any) -> Fields:
        if how != "call" or state is not None or len(args) != 1 or type(args[0]) is not str:
            return None
        return [(tag, args[0])]

    def read(fields: dict[str, Any]) -> Made:
        (text,) = take(fields, tag)
        expect(type(text) is str, "a string")
        return ["call", name, (text,), None]

    return write, read


def write_uuid(how: Any, args: list[Any], state: Any) -> Fields:
    if how != "new" or args or type(state) is not dict or len(state) != 1:
        return None
    number = state.get("int")
    if type(number) is not int or number < 0 or number.bit_length() > 128:
        return None
    text = number.to_bytes(16, "big").hex()
    return [("$uuid", f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}")]


def read_uuid(fields: dict[str, Any]) -> Made:
    (text,) = take(fields, "$uuid")
    expect(type(text) is str and len(text) == 36 and text[8] == text[13] == text[18] == text[23] == "-",
           "a UUID with its four hyphens")  # fmt: skip
    number = bytes.fromhex(f"{text[:8]}{text[9:13]}{text[14:18]}{text[19:23]}{text[24:]}")
    expect(len(number) == 16, "a UUID without spaces")
    return ["new", "uuid:UUID", (), {"int": int.from_bytes(number, "big")}]


def write_fraction(how: Any, args: list[Any], state: Any) -> Fields:
    if (
        how != "call" or state is not None or len(args) != 2 or type(args[0]) is not int or type(args[1]) is not int
        or max(args[0].bit_length(), args[1].bit_length()) > 4000
    ):  # fmt: skip
        return None
    return [("$fraction", f"{args[0]}/{args[1]}")]


def read_fraction(fields: dict[str, Any]) -> Made:
    (text,) = take(fields, "$fraction")
    expect(type(text) is str and len(text) < 4000, "numerator/denominator")
    above, _, below = text.partition("/")
    return ["call", "fractions:Fraction", (whole(above), whole(below)), None]


def write_complex(how: Any, args: list[Any], state: Any) -> Fields:
    if how != "call" or state is not None or len(args) != 2 or type(args[0]) is not float or type(args[1]) is not float:
        return None
    return [("$complex", args)]


def read_complex(fields: dict[str, Any]) -> Made:
    (parts,) = take(fields, "$complex")
    expect(type(parts) is list and len(parts) == 2 and all(type(part) is float for part in parts),
           "[real, imaginary], with points")  # fmt: skip
    return ["call", "builtins:complex", tuple(parts), None]


LOCAL = "pathlib._local"  # where Python 3.13 keeps its paths, and says so


def write_path(tag: str, module: str) -> Write:
    """Of a path, which is called with its parts."""

    def write(how: Any, args: list[Any], state: Any) -> Fields:
        if how != "call" or state is not None or not all(type(arg) is str for arg in args):
            return None
        return [(tag, args), ("module", LOCAL)] if module == LOCAL else [(tag, args)]

    return write


def read_path(tag: str, qualname: str) -> Read:
    def read(fields: dict[str, Any]) -> Made:
        parts, module = take(fields, tag, "module")
        expect(type(parts) is list and all(type(part) is str for part in parts), "the parts of a path")
        expect(module in (None, LOCAL), f'module, if it is there, is "{LOCAL}"')
        return ["call", f"{module or 'pathlib'}:{qualname}", tuple(parts), None]

    return read


def write_member(how: Any, args: list[Any], state: Any) -> Fields:
    """getattr(class, "NAME"), as members of an enum come from Python 3.12 on."""
    if how != "call" or state is not None or len(args) != 2 or type(args[1]) is not str:
        return None
    if getattr(args[0], "kind", None) != "name":
        return None
    return [("$member", args[0]), ("name", args[1])]


def read_member(fields: dict[str, Any]) -> Made:
    of, name = take(fields, "$member", "name")
    expect(getattr(of, "kind", None) == "name" and type(name) is str, "the name of a class, and a name in it")
    return ["call", "builtins:getattr", (of, name), None]


_DECIMAL = text_alone("$decimal", "decimal:Decimal")
_PATHS = {
    "$posixpath": "PosixPath", "$windowspath": "WindowsPath", "$pureposixpath": "PurePosixPath",
    "$purewindowspath": "PureWindowsPath",
}  # fmt: skip
WRITING: dict[str, Write] = {
    "decimal:Decimal": _DECIMAL[0],
    "uuid:UUID": write_uuid,
    "fractions:Fraction": write_fraction,
    "builtins:complex": write_complex,
    "builtins:getattr": write_member,
} | {f"{module}:{name}": write_path(tag, module) for tag, name in _PATHS.items() for module in ("pathlib", LOCAL)}
READING: dict[str, Read] = {
    "$decimal": _DECIMAL[1],
    "$uuid": read_uuid,
    "$fraction": read_fraction,
    "$complex": read_complex,
    "$member": read_member,
} | {tag: read_path(tag, name) for tag, name in _PATHS.items()}
