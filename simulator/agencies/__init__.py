"""The leg between the platform and insured places.

forwarding keeps the intent, sending and transport carry it, reading and conclusion say how it ended; taking has an
answer judged (judge, award_judge, causes) and booked (mirror); outbox and acknowledging end what is unknown.
desk is the insured place's own side of the line, reference a process around it.
"""
