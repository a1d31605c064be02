"""The reference agency: an insured place in a process of its own."""
