"""The shipped scenarios under figures that are not the shipped ones."""
