"""Say whether the built web app is of the sources as they are: `web_stamp.py check` (exit 0 or 1), `web_stamp.py set`.

Contents are compared, not times: a fresh clone, a branch switched there and back, or a copy builds only when it must.
"""

import hashlib
import sys
from pathlib import Path

FRONTEND = Path(__file__).resolve().parents[1] / "frontend"
STAMP = FRONTEND / ".build-stamp"
SETTINGS = ("package.json", "package-lock.json", "vite.config.ts", "tsconfig*.json")
SOURCES = ("index.html", "src/**/*", "public/**/*", *SETTINGS)


def digest() -> str:
    """One digest over every file that the build reads."""
    total = hashlib.sha256()
    for file in sorted({path for pattern in SOURCES for path in FRONTEND.glob(pattern) if path.is_file()}):
        total.update(f"\0{file.relative_to(FRONTEND)}\0".encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def main() -> int:
    if sys.argv[1:] == ["set"]:
        STAMP.write_text(digest())
        return 0
    built = (FRONTEND / "dist" / "index.html").is_file() and STAMP.is_file()
    return 0 if built and STAMP.read_text() == digest() else 1


if __name__ == "__main__":
    sys.exit(main())
