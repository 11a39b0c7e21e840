"""The version, in a place that everything may import; ``pyproject.toml`` reads it here."""

__version__ = "0.1.0.dev0"
