"""The demonstration workspace: written by people for this project, loaded as if it had happened."""

from campaigns.services.demo.load import demo_load

__all__ = ["demo_load"]
