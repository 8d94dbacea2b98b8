"""What can go wrong, sorted by whose move is next.

    OutletSyncError(code, facts)      words.py turns code and facts into a sentence
    ├── TransientError                the program's: back off, keep everything
    │   └── CloudUnreachable          no route, time-out, TLS: no whole answer
    ├── NeedsPerson                   a person's: pause what it touches, say what to do
    │   ├── CredentialsRejected       401 or 403
    │   ├── CredentialsMissing        the keyring is locked, absent, silent or empty
    │   ├── ContractBroken            an answer that breaks the contract
    │   └── SettingsInvalid           a setting is missing or wrong
    ├── InputRefused                  the sender's: this input is not stored, the rest is
    ├── AlreadyRunning                another service holds the data directory
    └── StoreFailed                   disk full, locked, damaged, made by a newer version

Anything else is a bug: caught once at the top of a thread, logged, shown, never swallowed.
"""

from collections.abc import Mapping

Fact = str | int | float


class OutletSyncError(Exception):
    """A known failure: `code` names it for people and scripts, `facts` fill its sentence."""

    def __init__(self, code: str, facts: Mapping[str, Fact] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.facts: Mapping[str, Fact] = dict(facts or {})

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value!r}" for name, value in self.facts.items())
        return f"{self.code} ({details})" if details else self.code


class TransientError(OutletSyncError):
    """Passes by itself: everything stays queued."""


class CloudUnreachable(TransientError):
    """No whole answer came; whether the request arrived is not known."""


class NeedsPerson(OutletSyncError):
    """Goes on only after a person did something."""


class CredentialsRejected(NeedsPerson):
    """The cloud refuses the API key or the outlet."""


class CredentialsMissing(NeedsPerson):
    """No secret to be had: keyring locked, absent, silent, or empty."""


class ContractBroken(NeedsPerson):
    """An answer that breaks the contract."""


class SettingsInvalid(NeedsPerson):
    """A setting is missing or can't be used; `facts["key"]` names it."""


class InputRefused(OutletSyncError):
    """Input that breaks the rules; nothing of it was stored."""


class AlreadyRunning(OutletSyncError):
    """Another service holds this data directory."""


class StoreFailed(OutletSyncError):
    """The database can't be used: full, read-only, damaged, too new."""
