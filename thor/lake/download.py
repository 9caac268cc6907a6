"""Rows as a file, sent as they are read: CSV, Parquet or an Arrow stream, in memory that does not grow with them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse

from thor.runtime.problem import Problem

if TYPE_CHECKING:
    import pyarrow as pa

#: So many are sent at a time; who comes then is told to come back.
AT_ONCE: Final = 2
_BLOCK_BYTES: Final = 256 * 1024
TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}
_places: Final = asyncio.Semaphore(AT_ONCE)


async def response(
    batches: Callable[[], Iterator[pa.RecordBatch]], schema: Callable[[], pa.Schema], form: str, name: str
) -> StreamingHttpResponse:
    """An attachment ``name.form``. ``batches`` and ``schema`` are called in a thread; what they raise before the first
    block is the answer. Raises Problem 429."""
    if _places.locked():
        raise Problem(f"{AT_ONCE} downloads are sent now: try again when one of them is done", status=429)
    await _places.acquire()
    try:
        blocks = await sync_to_async(_begun)(batches, schema, form)
        first = await sync_to_async(_next)(blocks)
    except BaseException:
        _places.release()
        raise
    return StreamingHttpResponse(
        _sent(blocks, first),
        content_type=TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="{name}.{form}"', "Cache-Control": "no-store"},
    )


def _begun(
    batches: Callable[[], Iterator[pa.RecordBatch]], schema: Callable[[], pa.Schema], form: str
) -> Iterator[bytes]:
    return {"csv": _csv, "parquet": _parquet, "arrow": _arrow}[form](batches(), schema())


async def _sent(blocks: Any, first: bytes | None) -> AsyncIterator[bytes]:
    """One that fails half-way breaks the answer off: half a file must not pass for a whole."""
    try:
        block = first
        while block is not None:
            yield block
            block = await sync_to_async(_next)(blocks)
    finally:
        _places.release()
        await sync_to_async(blocks.close)()


def _next(blocks: Iterator[bytes]) -> bytes | None:
    """The next one that holds something; None at the end."""
    return next(filter(None, blocks), None)


def _csv(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[bytes]:
    import pyarrow as pa
    from pyarrow import csv

    yield (",".join(schema.names) + "\n").encode()
    for batch in batches:
        sink = pa.BufferOutputStream()
        csv.write_csv(batch, sink, csv.WriteOptions(include_header=False, quoting_style="needed"))
        yield sink.getvalue().to_pybytes()


def _arrow(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[bytes]:
    import pyarrow as pa

    sink = _Sink()
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), schema) as writer:
        yield sink.taken()
        for batch in batches:
            writer.write_batch(batch)
            yield sink.taken()
    yield sink.taken()


class _Sink:
    """What was written since it was taken last."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def flush(self) -> None:
        return

    def close(self) -> None:
        return

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _parquet(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[bytes]:
    """Written aside first: the end of such a file says where everything in it is."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory(prefix="thor-download-") as folder:
        path = Path(folder, "rows.parquet")
        with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
            for batch in batches:
                writer.write_table(pa.Table.from_batches([batch]))
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                yield block
