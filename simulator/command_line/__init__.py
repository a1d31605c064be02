"""Parts that the commands share: language, suggestions, and the file of defaults."""

from simulator.command_line.config_file import ConfigFile, read_config
from simulator.command_line.language import asked_language, speak_in_own_words
from simulator.command_line.shown import shown_in_language

__all__ = ["ConfigFile", "asked_language", "read_config", "shown_in_language", "speak_in_own_words"]
