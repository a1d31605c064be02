"""Go-live dossier: reports of runs in a single sealed file, with a verdict by a rule that is data."""
