"""Thor: a futures trading and research platform."""
