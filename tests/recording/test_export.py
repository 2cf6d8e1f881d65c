"""JSON lines out and in again."""

import asyncio
import io
import itertools
import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.limits import DEPTH, EVENT_BYTES, EVENT_DEPTH
from console.core.text import legible
from console.recording.bodies import Row
from console.recording.export import LINE_BYTES, export_jsonl, import_jsonl, line
from console.recording.history import history
from console.recording.reader import Reader
from console.recording.schema import RecordingError
from console.recording.verify import verify
from tests.recording.rows import EMPTY, NOON_MS, event, log, names, recorded

TEXTS = st.text(st.characters(codec="utf-8"))
LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS
JSON = st.recursive(LEAVES, lambda inner: st.dictionaries(TEXTS, inner))


def row(body: bytes, pos: int = 1) -> Row:
    return Row(pos, NOON_MS, "planner", "r1", body)


def envelope(data: Any, seq: int = 1) -> bytes:
    whole = json.loads(event(seq)) | {"data": data}
    return json.dumps(whole, ensure_ascii=False).encode()


async def exported(path: Path) -> bytes:
    out = io.BytesIO()
    async with await Reader.open(path) as reader:
        await export_jsonl(reader.rows(), out)
    return out.getvalue()


async def test_a_line_is_the_event_as_it_was_sent(tmp_path: Path) -> None:
    path = await recorded(tmp_path, log(1, 2))
    assert await exported(path) == b"".join(
        b'{"pos":%d,"at":%d,"event":%s}\n' % (pos, NOON_MS + 10 * pos, event(pos, run=f"r{pos % 3}"))
        for pos in (1, 2)
    )


def test_spaces_between_tokens_stay_and_line_breaks_go() -> None:
    assert line(row(b'{"a": 1.50e3,  "b": [1]}')).endswith(b'"event":{"a": 1.50e3,  "b": [1]}}\n')
    assert line(row(b' {"a":\r\n\t1.50e3,\n"b" : "x y"}\n')).endswith(b'"event":{"a":1.50e3,"b":"x y"}}\n')


@pytest.mark.parametrize(
    "text",
    [
        *("\x7f", "\x85", "\x9b31m", "\u202e", "\u2028", "\ufeff", "\u200d", "\xa0", "\U000e0041", "\ue000"),
        *("\u3164", "\u2800", "\ufe0f", "\u034f", "\U000e0100", " \u0301"),
    ],
    ids=ascii,
)
def test_what_a_terminal_might_act_upon_or_hide_is_escaped(text: str) -> None:
    safe = line(row(envelope({"text": f"a{text}b é 漢 😀"})))
    assert legible(safe.decode()[:-1])
    assert "é 漢 😀" in safe.decode()
    assert json.loads(safe)["event"]["data"]["text"] == f"a{text}b é 漢 😀"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b'{"a":"\xff"}',
        b'{"a":1}{"b":2}',
        b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1),
        b"[" * 30_000,
        envelope({"text": "\x85" * (EVENT_BYTES // 4)}),
    ],
    ids=["empty", "text", "not UTF-8", "two values", "deep", "abyss", "too large with escapes"],
)
def test_what_is_no_json_text_stands_in_base64(body: bytes) -> None:
    found = json.loads(line(row(body)))
    assert set(found) == {"pos", "at", "event64"}
    assert msgspec.convert(found["event64"], bytes) == body


@given(st.lists(JSON, min_size=1, max_size=5))
@settings(max_examples=15, deadline=None)
def test_an_export_comes_back_as_the_same_recording(datas: list[Any]) -> None:
    async def check(folder: Path) -> None:
        rows = [row(envelope(data, pos), pos) for pos, data in enumerate(datas, 1)]
        first = await exported(await recorded(folder / "a", rows))
        assert len(first.splitlines()) == len(rows)
        assert all(text.isprintable() for text in first.decode().split("\n"))
        (folder / "export.jsonl").write_bytes(first)
        target = folder / "b.sqlite"
        assert await import_jsonl(folder / "export.jsonl", target, initial=EMPTY) == len(rows)
        assert await exported(target) == first
        async with await Reader.open(target) as reader:
            again = [found async for found in reader.rows()]
            assert await verify(reader) == []
        assert [found[:4] for found in again] == [sent[:4] for sent in rows]
        assert [json.loads(found.event) for found in again] == [json.loads(sent.event) for sent in rows]

    with TemporaryDirectory() as folder:
        asyncio.run(check(Path(folder)))


async def test_the_deepest_event_comes_back(tmp_path: Path) -> None:
    deep = json.loads("[" * (EVENT_DEPTH - 1) + "]" * (EVENT_DEPTH - 1))
    rows = [row(envelope(deep))]
    source = tmp_path / "export.jsonl"
    source.write_bytes(await exported(await recorded(tmp_path / "a", rows)))
    await import_jsonl(source, tmp_path / "b.sqlite", initial=EMPTY)
    async with await Reader.open(tmp_path / "b.sqlite") as reader:
        assert [found async for found in reader.rows()] == rows


async def test_a_filtered_export_keeps_its_positions_and_its_holes(tmp_path: Path) -> None:
    await recorded(tmp_path / "a", log(1, 3_000))
    source, target = tmp_path / "export.jsonl", tmp_path / "b.sqlite"
    with source.open("wb") as out:
        assert await export_jsonl(history(tmp_path / "a", 100, subject=("planner", "r2")), out) == 967
    assert await import_jsonl(source, target, initial=EMPTY) == 967
    async with await Reader.open(target) as reader:
        assert (await reader.first_keyframe())[::2] == (100, EMPTY)
        assert [found async for found in reader.rows()] == [
            found for found in log(101, 3_000) if found.run == "r2"
        ]
        assert "are missing" in (await verify(reader))[0]
    assert names(tmp_path) == ["a", "b.sqlite", "export.jsonl"]


@pytest.mark.parametrize(
    "bad, words",
    [
        (b"", ""),
        (b"\n", "truncated"),
        (b"nonsense\n", "malformed"),
        (b'{"pos":3,"at":1}\n', "one of event and event64"),
        (b'{"pos":3,"at":1,"event":{},"event64":"e30="}\n', "one of event and event64"),
        (b'{"pos":3,"at":1,"event64":"?"}\n', "base64|padding"),
        (b'{"pos":0,"at":1,"event":{}}\n', "pos"),
        (b'{"pos":3,"at":"noon","event":{}}\n', "at"),
        (b'{"pos":3,"at":1,"event":{},"more":1}\n', "more"),
        (b'{"pos":3,"at":9999999999999,"event":{"id":"x"}}\n', "the field source is missing"),
        (line(row(event(1).replace(b"/agents/", b"/nobody/"), 3)), "its source is neither"),
        (line(row(event(2), 2)), "position 2 after 2"),
        (line(row(event(3), 3)._replace(at=5)), "time 5 after"),
        (b'{"pos":3,"at":1,"event":' + b"[" * 5_000 + b"]" * 5_000 + b"}\n", ""),
        (b'"' + b"x" * LINE_BYTES + b'"\n', f"longer than {LINE_BYTES} bytes"),
        (b'\xff\xfe{"pos":3}\n', "malformed"),
    ],
    ids=itertools.count(),
)
async def test_a_bad_line_is_named_and_nothing_is_left(tmp_path: Path, bad: bytes, words: str) -> None:
    source, target = tmp_path / "export.jsonl", tmp_path / "b.sqlite"
    good = b"".join(line(row(event(pos), pos)) for pos in (1, 2))
    source.write_bytes(good + bad + line(row(event(9), 9)))
    if not bad:
        assert await import_jsonl(source, target, initial=EMPTY) == 3
        return
    with pytest.raises(RecordingError, match=rf"^{re.escape(str(source))}:3: [^\n]*({words})"):
        await import_jsonl(source, target, initial=EMPTY)
    assert names(tmp_path) == [source.name]


async def test_a_bad_line_far_down_leaves_nothing_either(tmp_path: Path) -> None:
    source, target = tmp_path / "export.jsonl", tmp_path / "b.sqlite"
    source.write_bytes(b"".join(line(found) for found in log(1, 2_500)) + b"nonsense")
    with pytest.raises(RecordingError, match="jsonl:2501: "):
        await import_jsonl(source, target, initial=EMPTY)
    assert names(tmp_path) == [source.name]


async def test_what_cannot_be_imported_says_why(tmp_path: Path) -> None:
    source, target = tmp_path / "export.jsonl", tmp_path / "b.sqlite"
    with pytest.raises(RecordingError, match=re.escape(f"{source}: No such file")):
        await import_jsonl(source, target, initial=EMPTY)
    source.write_bytes(b"")
    with pytest.raises(RecordingError, match="has no records"):
        await import_jsonl(source, target, initial=EMPTY)
    source.write_bytes(line(row(event(1))))
    with pytest.raises(RecordingError, match=re.escape(f"{tmp_path / 'none' / 'b.sqlite'}: No such file")):
        await import_jsonl(source, tmp_path / "none" / "b.sqlite", initial=EMPTY)
    await import_jsonl(source, target, initial=EMPTY)
    with pytest.raises(RecordingError, match="exists already"):
        await import_jsonl(source, target, initial=EMPTY)
