"""How the admin looks: django-unfold's settings."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

#: As frontend/src/app/thor.svg.
_ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#12181f"/>'
    '<path d="M18.5 3 7 18h7l-1.5 11L25 13h-7.5z" fill="#f5b942"/></svg>'
)
#: Its theme is the browser's, with a switch.
UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": "Thor",
    "SITE_HEADER": "Thor",
    "SITE_SUBHEADER": "Administration",
    "SITE_SYMBOL": "monitoring",
    "SITE_URL": "/",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": f"data:image/svg+xml,{quote(_ICON)}"}],
    "SIDEBAR": {"show_search": True, "show_all_applications": False},
    "COLORS": {
        "primary": {
            "50": "oklch(97.0% .014 254.6)",
            "100": "oklch(93.2% .032 255.6)",
            "200": "oklch(88.2% .059 254.1)",
            "300": "oklch(80.9% .105 251.8)",
            "400": "oklch(70.7% .165 254.6)",
            "500": "oklch(62.3% .214 259.8)",
            "600": "oklch(54.6% .245 262.9)",
            "700": "oklch(48.8% .243 264.4)",
            "800": "oklch(42.4% .199 265.6)",
            "900": "oklch(37.9% .146 265.5)",
            "950": "oklch(28.2% .091 267.9)",
        }
    },
}
