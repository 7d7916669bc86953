"""What this package's web pages have in common: each is a single file."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

INLINE = "'unsafe-inline'"  # harmless, because without connections styles cannot send anything


def make_policy(script: str, style: str | None = None) -> str:
    """Return a Content-Security-Policy that allows only this script, and no connections.

    Without a style, all styles in the page are allowed.
    """
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {_hash_source(script)}",
            f"style-src {INLINE if style is None else _hash_source(style)}",
            "img-src data:",
            *("connect-src 'none'", "form-action 'none'", "base-uri 'none'"),
        ]
    )


def _hash_source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def embed_json(document: Any) -> str:
    """Return JSON for a script element; ``<`` is escaped because it could end the element."""
    return json.dumps(document).replace("<", "\\u003c")
