"""``python -m goemotions``."""

from goemotions.cli.app import main

main()
