"""The leg between the platform and insured places.

delivery commits an intent, sends it and books the outcome; judging compares an answer with the platform's own figures;
replica keeps the platform's copy of people and settlements; outbox reverses or repeats messages of unknown outcome;
reference is an insured place in a process of its own.
"""
