"""The lake in an object store: S3 and what speaks as it does, Google's and Azure's.

Addresses and keys come from the environment as each store's own tools have them: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ALLOW_HTTP; GOOGLE_*; AZURE_*.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import from_url

from thor.lake.store import Found
from thor.runtime.problem import Problem

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


#: So many bytes are fetched at least at a time.
_READ_BYTES: Final = 256 << 10


class _Object(io.RawIOBase):
    """An object as a file. Raises Problem where the store fails meanwhile."""

    def __init__(self, root: str, reader: obstore.ReadableFile) -> None:
        super().__init__()
        self._root, self._reader = root, reader

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._reader.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._reader.seek(offset, whence)

    def readinto(self, into: WriteableBuffer) -> int:
        view = memoryview(into).cast("B")
        with _said_plainly(self._root):
            found = memoryview(self._reader.read(len(view)))
        view[: len(found)] = found
        return len(found)


class ObjectStore:
    """A bucket, below a prefix. An object appears when all of it is there."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/")
        with _said_plainly(self.root):
            self._store = from_url(self.root)

    def list(self, prefix: str = "") -> Iterator[Found]:
        folder = prefix.rpartition("/")[0]
        with _said_plainly(self.root):
            found = [
                Found(each["path"], each["size"], each["last_modified"])
                for page in obstore.list(self._store, folder or None)
                for each in page
            ]
        yield from sorted(each for each in found if each.key.startswith(prefix))

    def find(self, key: str) -> Found | None:
        try:
            with _said_plainly(self.root):
                about = obstore.head(self._store, key)
        except FileNotFoundError:
            return None
        return Found(key, about["size"], about["last_modified"])

    def open(self, key: str) -> IO[bytes]:
        with _said_plainly(self.root):
            return io.BufferedReader(_Object(self.root, obstore.open_reader(self._store, key)), _READ_BYTES)

    @contextmanager
    def aside(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="thor-lake-") as folder:
            yield Path(folder, "part.parquet")

    def publish(self, path: Path, key: str) -> None:
        with _said_plainly(self.root):
            obstore.put(self._store, key, path)

    def delete(self, key: str) -> None:
        try:
            with _said_plainly(self.root):
                obstore.delete(self._store, key)
        except FileNotFoundError:
            return

    def uri(self, key: str) -> str:
        return f"{self.root}/{key}"

    def free_bytes(self) -> int | None:
        return None


@contextmanager
def _said_plainly(root: str) -> Iterator[None]:
    """What the store says as one line; what is not there as FileNotFoundError."""
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise FileNotFoundError(str(error)) from error
    except (BaseError, ValueError, OSError) as error:
        said = (str(error).strip().splitlines() or ["no reason"])[0]
        raise Problem(
            f"the lake {root} cannot be used: {said[:200]}. Check its address and keys.", status=503
        ) from error
