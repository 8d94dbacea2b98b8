"""Decides what is sent, when, and what an answer means. No network, thread or clock of its own."""
