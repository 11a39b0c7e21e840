"""From a file that anybody may have made to text, without trusting it to be one."""

from __future__ import annotations

import codecs
import re
import stat
from pathlib import Path

from kinaptic.errors import ForeignModelError

LARGEST = 20_000_000  # bytes: twenty times our largest model, which roadrunner compiles for ten seconds
_ENCODINGS = {"utf-8": "utf-8", "ascii": "utf-8", "iso8859-1": "iso8859-1"}  # by Python's name for them
_DECLARED = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
_DECLARATION = re.compile(r"<\?xml\s[^>]*\?>")
_UTF_8 = '<?xml version="1.0" encoding="UTF-8"?>'  # libSBML takes it for an error to leave that out
_REMEDY = "save it as UTF-8"
_OTHERS = (
    (b"PK\x03\x04", "a ZIP archive; if it is a COMBINE archive (.omex), take the SBML file out of it"),
    (b"\x1f\x8b", "compressed (gzip); decompress it first"),
    (b"BZh", "compressed (bzip2); decompress it first"),
    (b"\xfd7zXZ", "compressed (xz); decompress it first"),
    (b"%PDF", "a PDF; models are files in SBML, often in the supplement of a paper or at BioModels"),
    (codecs.BOM_UTF32_LE, f"in UTF-32; {_REMEDY}"),
    (codecs.BOM_UTF32_BE, f"in UTF-32; {_REMEDY}"),
)


def read(path: Path) -> str:
    """Return the text of an XML file; its declaration says UTF-8, whatever it was.

    Raises
    ------
    ForeignModelError
        If there is no such file, it is too large, of another kind, or in an encoding that cannot be
        told for certain.
    """
    content = _content(path)
    for beginning, what in _OTHERS:
        if content.startswith(beginning):
            raise ForeignModelError(f"{path} is no SBML: it is {what}")
    if not content.strip():
        raise ForeignModelError(f"{path} is empty; was it downloaded completely?")
    text = _decoded(path, content)
    start = text.lstrip()[:20]
    if not start.startswith("<"):
        raise ForeignModelError(f"{path} is no SBML: it begins with {start!r}, and an XML file with '<'")
    return _UTF_8 + _DECLARATION.sub("", text, count=1) if _DECLARATION.match(text) else _UTF_8 + text


def _content(path: Path) -> bytes:
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise ForeignModelError(f"{path} is a folder; name the SBML file in it")
        if not stat.S_ISREG(found.st_mode):  # reading a pipe would wait for ever
            raise ForeignModelError(f"{path} is no regular file; save the model as one")
        if found.st_size > LARGEST:
            raise ForeignModelError(
                f"{path} has {found.st_size / 1e6:.0f} MB, and no more than {LARGEST / 1e6:.0f} MB are read; "
                "is it a model, and not data or a genome-scale network?"
            )
        return path.read_bytes()
    except (OSError, ValueError) as why:  # ValueError: a name with a null byte
        reason = getattr(why, "strerror", None) or why
        raise ForeignModelError(f"cannot read {str(path)!r}: {reason}") from None


def _decoded(path: Path, content: bytes) -> str:
    encoding = _encoding(path, content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as why:
        line = content[: why.start].count(b"\n") + 1
        raise ForeignModelError(
            f"{path}, line {line}: byte {why.start} is not {encoding.upper().removesuffix('-SIG')}, in which "
            f"the file says it is written; is it damaged? If not, {_REMEDY}"
        ) from None
    return text.removeprefix("\ufeff")


def _encoding(path: Path, content: bytes) -> str:
    if content.startswith(codecs.BOM_UTF8):
        return "utf-8"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in content[:4]:
        raise ForeignModelError(
            f"{path} looks like UTF-16 without the byte order mark that tells its order of bytes; {_REMEDY}"
        )
    declared = _DECLARED.match(content[:1000])
    name = declared[1].decode("ascii", "replace") if declared else "utf-8"
    try:
        known = codecs.lookup(name).name
    except (LookupError, ValueError):
        known = name
    if known not in _ENCODINGS:
        raise ForeignModelError(
            f"{path} says that it is in {name!r}; UTF-8, UTF-16 with a byte order mark and ISO-8859-1 are "
            f"read: {_REMEDY}"
        )
    return _ENCODINGS[known]
