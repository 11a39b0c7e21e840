"""``python -m kinaptic``."""

from kinaptic.cli import main

main()
