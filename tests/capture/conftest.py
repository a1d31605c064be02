from tests.harness.conftest import platform, platform_url, processes, written

__all__ = ["platform", "platform_url", "processes", "written"]
