"""One module a subcommand of `nhsa-sim`; each exposes `command`. They wire and print; nothing imports them."""
