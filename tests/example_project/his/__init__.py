"""A hospital's front desk, as small as it can be and still settle with the national platform."""
