"""Copy Studio: the project package and the app of people, workspaces and jobs."""

__version__ = "0.1.0"
