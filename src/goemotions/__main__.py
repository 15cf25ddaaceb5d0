"""``python -m goemotions``."""

from goemotions.cli.start import main

main()
