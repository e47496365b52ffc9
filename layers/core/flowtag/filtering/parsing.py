"""Reads a filter: words and signs, then a parser by recursive descent that points at mistakes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

from flowtag.errors import FilterError
from flowtag.filtering.evaluation import (
    AllOf,
    AnyOf,
    Compared,
    Condition,
    Filter,
    Has,
    Not,
    Unknown,
    rank,
)
from flowtag.filtering.fields import FIELDS, MICROSECONDS, Field

MAX_LENGTH = 1000
_MAX_DEPTH = 32

_TOKEN = re.compile(r"\s*(?:(<=|>=|==|!=|[<>=(),])|([^\s<>=!(),]+)|(\S))")
_NUMBER = re.compile(r"^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(%?)$", re.ASCII)
_DURATION = re.compile(
    r"^(?=.)(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?(?:(\d+(?:\.\d+)?)s)?"
    r"(?:(\d+(?:\.\d+)?)ms)?$",
    re.ASCII,
)
_UNIT_SECONDS = (3600.0, 60.0, 1.0, 0.001)
_SIGNS = ("=", "==", "!=", "<", "<=", ">", ">=")
_KEYWORDS = ("and", "or", "not", "has", "is", "in", "unknown")


@dataclass(frozen=True)
class _Token:
    """A word or a sign in lower case, and the column, from 1, at which it stands."""

    text: str
    column: int
    is_word: bool


def parse_filter(text: str) -> Filter:
    """Reads a filter.

    Args:
        text: as ``docs/formats/filter.md`` describes it.

    Raises:
        FilterError: it is none; it points to the column and says what was expected.
    """
    if len(text) > MAX_LENGTH:
        most = f"a filter has {MAX_LENGTH} characters at most"
        raise FilterError(most, text=text, column=MAX_LENGTH + 1)
    return Filter(text, _Parser(text).filter())


def _tokens(text: str) -> list[_Token]:
    found = []
    for match in _TOKEN.finditer(text):
        if match[3]:
            stray = f"{match[3]!r} means nothing here"
            raise FilterError(stray, text=text, column=match.start(3) + 1)
        group = 1 if match[1] else 2
        found.append(_Token(match[group].lower(), match.start(group) + 1, group == 2))
    return [*found, _Token("", len(text.rstrip()) + 1, False)]


class _Parser:
    """Walks over the tokens once; every method leaves off behind what it read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def filter(self) -> Condition:
        condition = self._either()
        if self._next.text:
            self._expected("'and', 'or' or the end", among=("and", "or"))
        return condition

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += 1
        return token

    def _takes(self, text: str) -> bool:
        taken = self._next.text == text
        self._at += taken
        return taken

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._takes("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _both(self) -> Condition:
        parts = [self._negated()]
        while self._takes("and"):
            parts.append(self._negated())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _negated(self) -> Condition:
        if self._next.text not in ("not", "("):
            return self._comparison()
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            self._fail(self._next, f"nested more than {_MAX_DEPTH} deep")
        if self._take().text == "not":
            condition: Condition = Not(self._negated())
        else:
            condition = self._either()
            if not self._takes(")"):
                self._expected("')'", "'and'", "'or'", among=("and", "or"))
        self._depth -= 1
        return condition

    def _comparison(self) -> Condition:
        token = self._next
        if not token.is_word or token.text in _KEYWORDS:
            self._expected("a field, 'not' or '('")
        if token.text not in FIELDS:
            self._fail(token, f"there is no field {_shown(token)}", FIELDS)
        name, field = self._take().text, FIELDS[token.text]
        if self._takes("is"):
            return self._unknown(name)
        if field.kind == "set":
            return self._has(name, field)
        if self._takes("not"):
            if self._next.text != "in":
                self._expected("'in'")
            return Not(self._among(name, field))
        if self._next.text == "in":
            return self._among(name, field)
        if self._next.text not in _SIGNS:
            self._expected("one of = != < <= > >=", "'in'", "'is'", among=("in", "is", "not"))
        sign = self._take()
        return self._compared(name, field, "=" if sign.text == "==" else sign.text, sign)

    def _unknown(self, name: str) -> Condition:
        negated = self._takes("not")
        if not self._takes("unknown"):
            self._expected("'unknown'" if negated else "'unknown' or 'not unknown'")
        return Not(Unknown(name)) if negated else Unknown(name)

    def _has(self, name: str, field: Field) -> Condition:
        if not self._takes("has"):
            self._expected(f"'has', as in '{name} has {field.words[0]}', or 'is'", among=("has",))
        token = self._next
        if token.text not in field.words or not token.is_word:
            self._unknown_word(name, field)
        return Has(name, self._take().text)

    def _among(self, name: str, field: Field) -> Condition:
        self._take()
        if not self._takes("("):
            self._expected("'('")
        parts = [self._compared(name, field, "=")]
        while self._takes(","):
            parts.append(self._compared(name, field, "="))
        if not self._takes(")"):
            self._expected("',' or ')'")
        return AnyOf(tuple(parts))

    def _compared(
        self, name: str, field: Field, sign: str, sign_token: _Token | None = None
    ) -> Condition:
        token = self._next
        if token.is_word and token.text in field.words:
            if field.kind == "direction" and sign not in ("=", "!="):
                self._fail(sign_token or token, "a direction in words is compared by = or !=")
            return Compared(name, sign, rank(name, self._take().text))
        read = _READERS.get(field.kind)
        value = read(token.text) if read and token.is_word else None
        if value is None:
            self._unknown_word(name, field)
        self._at += 1
        return Compared(name, sign, value)

    def _unknown_word(self, name: str, field: Field) -> NoReturn:
        token, wanted = self._next, _WANTED.get(field.kind, "a word")
        known = f": {', '.join(field.words)}" if field.words else ""
        if not token.is_word or token.text in _KEYWORDS:
            self._expected(f"{wanted} for '{name}'{known}")
        self._fail(token, f"{_shown(token)} is not {wanted} for '{name}'{known}", field.words)

    def _expected(self, *wanted: str, among: Iterable[str] = ()) -> NoReturn:
        token = self._next
        found = f", not {_shown(token)}" if token.text else ""
        self._fail(token, f"expected {' or '.join(wanted)}{found}", among)

    def _fail(self, token: _Token, message: str, known: Iterable[str] = ()) -> NoReturn:
        near = get_close_matches(token.text, list(known), n=1) if token.is_word else []
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise FilterError(f"{message}{hint}", text=self._text, column=token.column)


def _shown(token: _Token) -> str:
    text = token.text if len(token.text) <= 24 else f"{token.text[:23]}…"
    return repr(text)


def _read_number(text: str) -> float | None:
    match = _NUMBER.match(text)
    if match is None:
        return None
    return float(text.rstrip("%")) / (100 if match[1] else 1)


def _read_degrees(text: str) -> float | None:
    return None if text.endswith("%") else _read_number(text)


def _read_duration(text: str) -> float | None:
    plain = None if text.endswith("%") else _read_number(text)
    if plain is not None:
        return round(plain * MICROSECONDS)
    match = _DURATION.match(text)
    if match is None:
        return None
    parts = zip(match.groups(), _UNIT_SECONDS, strict=True)
    seconds = sum(float(part) * unit for part, unit in parts if part)
    return round(seconds * MICROSECONDS)


_READERS: dict[str, Callable[[str], float | None]] = {
    "number": _read_number,
    "direction": _read_degrees,
    "duration": _read_duration,
}
_WANTED = {
    "number": "a number",
    "direction": "degrees or a direction",
    "duration": "a duration, such as 2s or 1m30s,",
}
