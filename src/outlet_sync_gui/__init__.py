"""Outlet Sync: brings every sale of an outlet to headquarters."""

__version__ = "0.1.0"
