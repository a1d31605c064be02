"""The platform's replica of the people and settlements that a registered agency keeps."""
