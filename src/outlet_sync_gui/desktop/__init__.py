"""The desktop around the program: start with the session, tray, notifications, sleep, network and shutdown.

Each module owns one of them for every platform. `autostart` knows no Qt, for the command line uses it.
"""
