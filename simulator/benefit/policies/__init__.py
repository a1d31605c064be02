"""The shipped policies: `national.yaml` (defaults) and one file a city; shape in `../city.schema.json`."""
