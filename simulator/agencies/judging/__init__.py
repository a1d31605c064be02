"""Judgement of an agency's answers against the platform's replica, with hypotheses about the cause."""
