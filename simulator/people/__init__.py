"""Generated people, and the places they are insured in.

No person is real: numbers carry county codes that were never assigned.

One seed gives one population, bit for bit, on any day: `on` is passed in and no clock is read. Areas, names and formats
are tables; nothing here knows the wire, the store or a policy.
"""
