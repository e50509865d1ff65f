"""What evidence is made of: records of what was exchanged, roots that cover them, public keys, headings of export files.

An object's bytes are its canonical JSON (``storage/chain.py``), made once, kept and passed on as they are: whoever checks them
hashes the bytes that are there and never writes them anew.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from metropool.storage.chain import canonical
from metropool.storage.merkle import leaf_hash
from metropool.storage.suites import SigningKey

ROOT_DOMAIN = b"metropool-root-1\x00"
HEADING_DOMAIN = b"metropool-export-1\x00"
Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}\\Z")]
Salt = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}\\Z")]
Signature = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{2}){1,512}\\Z")]
KeyId = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}\\Z")]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Number = Annotated[int, msgspec.Meta(ge=0)]


class Object(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An object of evidence."""


Medium = Literal["letter", "http", "mqtt"]
"""How something was exchanged: as a letter, as a request with its answer, with a gateway."""
FORMAT: Literal[3] = 3
"""Of the export files that are written; those of format 1 hold letters alone, and headings before format 3 no ``ranges``."""


class Record(Object, frozen=True, kw_only=True, omit_defaults=True):
    """One letter at one end, or an exchange of another kind at the end that is ours. What has its default is not written.

    Attributes:
        system: Whose record it is, its number ``number`` (from 1, without gaps).
        direction: ``replayed`` is a letter that was parked when it was received, and taken in later.
        letter: Id of the envelope; both ends have the same. Of what is no letter, derived alike from who said it to whom and its key.
        sender_party, receiver_party: The organisations; empty where the running plan knows no such system.
        sha256, bytes: Of the bytes that travelled.
        rows: Rows of the table it carries; 0 where it carries none or cannot be read.
        position: Its place in the receiver's inbox stream: the receipt.
        outcome: ``receipted`` at the sender; ``taken`` or ``parked`` at the receiver. Of what is no letter also ``told`` (said once, and
            nobody says that it was heard) and ``refused`` (heard, and declined in an answer).
        under: Plan and rows it travelled under.
        at: Business time of the system.
        medium: How it travelled.
        key: Business key of what is no letter, as its owner's books have it, such as ``<channel>/<order>``.
        answer: SHA-256 of what was answered at once.
    """

    number: Number
    system: str
    direction: Literal["sent", "received", "replayed"]
    letter: str
    phrase: str
    kind: str
    version: int
    sender: str
    sender_party: str
    receiver: str
    receiver_party: str
    sha256: Hash
    bytes: Number
    rows: Number
    position: Number
    outcome: Literal["receipted", "taken", "parked", "told", "refused"]
    under: str
    at: Instant
    medium: Medium = "letter"
    key: str = ""
    answer: Hash | None = None


class Anchor(Object, frozen=True, kw_only=True):
    """The newest row of another chain, such as the audit's: its number and hash."""

    number: Number
    hash: Hash


class Root(Object, frozen=True, kw_only=True):
    """What a system signs: everything up to record ``last``, and its audit.

    Attributes:
        first, last: Records under this root; ``last = first - 1`` when there is none and only the audit moved.
        root: Merkle root of their leaves.
        hash: Hash of the chain after ``last``.
        previous: SHA-256 of the bytes of the root before it (64 zeros for the first).
        key: Id of the key that signs.
    """

    system: str
    party: str
    number: Number
    first: Number
    last: Number
    root: Hash
    hash: Hash
    previous: Hash
    audit: Anchor
    at: Instant
    suite: str
    key: KeyId


class PublicKey(Object, frozen=True, kw_only=True):
    """A system's public key and its term: what it signed at another time does not count."""

    system: str
    party: str
    id: KeyId
    suite: str
    public: str
    since: Instant
    until: Instant | None


class Before(Object, frozen=True, kw_only=True):
    """Where an export begins: the record and the root before it."""

    number: Number
    hash: Hash
    root: Number
    previous: Hash


class Asked(Object, frozen=True, kw_only=True):
    """What an export was to show: records of what was exchanged with a party, from an instant to before another, or of one letter."""

    party: str = ""
    start: Instant | None = None
    end: Instant | None = None
    letter: str = ""

    def wants(self, record: Record) -> bool:
        """Whether a record is one of those."""
        return (
            self.letter in ("", record.letter)
            and self.party in ("", record.sender_party, record.receiver_party)
            and (self.start is None or self.start <= record.at)
            and (self.end is None or record.at < self.end)
        )


class Heading(Object, frozen=True, kw_only=True):
    """What a system signs at the top of its section of an export file.

    Attributes:
        kind: ``range``: every root of a range, all records or their leaves; ``letter``: one record with the path to its root.
        sections: Systems with a section in the file, in order.
        ranges: Of each of these sections its first root, last root and how many records it shows: another export's cannot take its place.
        first_root, last_root: Roots in the section.
        shown: How many records it shows.
    """

    format: Literal[1, 2, 3]
    kind: Literal["range", "letter"]
    system: str
    party: str
    sections: list[str]
    ranges: list[tuple[Number, Number, Number]] = []
    asked: Asked
    keys: list[PublicKey]
    before: Before
    first_root: Number
    last_root: Number
    shown: Number
    made_at: Instant
    suite: str
    key: KeyId


def content_of(thing: Object) -> bytes:
    """The bytes of an object."""
    return canonical(msgspec.to_builtins(thing))


def leaf_of(salt: str, content: bytes) -> bytes:
    """The leaf of a record: SHA-256(0x00 ‖ salt ‖ bytes). The salt keeps what a withheld record was from being guessed."""
    return leaf_hash(bytes.fromhex(salt) + content)


def sign_root(root: Root, key: SigningKey) -> str:
    """The signature over a root."""
    return key.sign(ROOT_DOMAIN + content_of(root))


def sign_heading(heading: Heading, key: SigningKey) -> str:
    """The signature over the heading of an export."""
    return key.sign(HEADING_DOMAIN + content_of(heading))
