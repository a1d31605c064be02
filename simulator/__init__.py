"""A rehearsal stage for China's national healthcare-security platform (国家医疗保障信息平台)."""

__version__ = "0.1.0"
