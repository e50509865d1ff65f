"""Follows records and roots in order, in the books or in a file, and stops at the first that is not what was signed."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

import msgspec

from metropool.core.errors import MetropoolError
from metropool.core.texts import Sentence
from metropool.exchange.evidence.objects import ROOT_DOMAIN, Before, PublicKey, Record, Root
from metropool.storage.chain import GENESIS, link
from metropool.storage.merkle import Tree
from metropool.storage.suites import id_of, is_signed

START = Before(number=0, hash=GENESIS, root=0, previous=GENESIS)


class Broken(Exception):
    """Evidence is not what was signed.

    Args:
        kind: What is wrong, a text of the room (``evidence_<kind>``).
        number: The first record that cannot be believed.
        values: Parameters of the text.
    """

    def __init__(self, kind: str, number: int, **values: object) -> None:
        super().__init__(kind, number, values)
        self.kind = kind
        self.number = number
        self.sentence = Sentence("metropool.exchange", f"evidence_{kind}", {"number": number, **values})

    def __str__(self) -> str:
        return str(self.sentence)


class Trail:
    """One system's records and roots, followed from somewhere.

    Args:
        system: Whose they are.
        keys: Its public keys, one a term.
        before: Where to begin.
    """

    def __init__(self, system: str, keys: Sequence[PublicKey], before: Before = START) -> None:
        self.system = system
        self.number, self.hash = before.number, before.hash
        self.root, self.previous = before.root, before.previous
        self.at: datetime | None = None
        self._keys = keys
        self._tree = Tree()
        self._first = before.number + 1

    def expect(self, number: int) -> None:
        """Hold the number of what comes to the one that stands next.

        Raises:
            Broken: It is another.
        """
        expected = self.number + 1
        if number != expected:
            raise Broken("missing" if number > expected else "added", expected, found=number)

    def follow(self, number: int, leaf: bytes, chained: str) -> None:
        """Go on to the next record.

        Args:
            number: Its number.
            leaf: Its leaf.
            chained: The hash of the chain after it, as it was kept.

        Raises:
            Broken: It is not the next.
        """
        self.expect(number)
        if link(self.hash, leaf) != chained:
            raise Broken("altered", number)
        self.number, self.hash = number, chained
        self._tree.add(leaf)

    def cover(self, content: bytes, signature: str) -> Root:
        """Go on to the root that covers what was followed since the last.

        Raises:
            Broken: It does not, or was not signed as it should have been.
        """
        root = read_root(content, signature, system=self.system, keys=self._keys, number=self._first)
        if (root.number, root.previous, root.first) != (self.root + 1, self.previous, self._first):
            raise Broken("root_missing", self._first, root=self.root + 1, found=root.number)
        if root.last != self.number:
            raise Broken(
                "missing_last" if root.last > self.number else "added_last", min(root.last, self.number) + 1, root=root.number
            )
        if (root.root, root.hash) != (self._tree.root().hex(), self.hash) or (self.at and root.at < self.at):
            raise Broken("altered", self._first)
        self.root, self.previous, self.at = root.number, sha256(content).hexdigest(), root.at
        self._tree, self._first = Tree(), self.number + 1
        return root


def read_record(content: bytes, *, system: str, place: int, is_next: bool = True) -> Record:
    """Read a record of a system that stands in the place of record ``place``, or, where it need not be the next, after it.

    Raises:
        Broken: It is none, or another's, or of another place.
    """
    try:
        record = msgspec.json.decode(content, type=Record)
    except (ValueError, RecursionError) as cause:
        raise Broken("altered", place) from cause
    if record.system != system or (is_next and record.number != place):
        raise Broken("altered", place)
    return record


def root_of(content: bytes, number: int) -> Root:
    """Read a root, whoever signed it; ``number`` is the record named when it is none.

    Raises:
        Broken: It is none.
    """
    try:
        return msgspec.json.decode(content, type=Root)
    except (ValueError, RecursionError) as cause:
        raise Broken("form", number) from cause


def read_root(content: bytes, signature: str, *, system: str, keys: Sequence[PublicKey], number: int) -> Root:
    """Read a root that a system signed; ``number`` is the record named when it did not.

    Raises:
        Broken: It is no root, or of another system, or not signed by a key of that system in its term.
    """
    root = root_of(content, number)
    if root.system != system:
        raise Broken("root_other", number, system=root.system)
    check_signed(ROOT_DOMAIN + content, signature, by=(root.suite, root.key, root.at), keys=keys, number=number)
    return root


def check_signed(data: bytes, signature: str, *, by: tuple[str, str, datetime], keys: Sequence[PublicKey], number: int) -> None:
    """Hold a signature to the keys of a system; ``by`` is the suite, the key and the time the signed object names.

    Raises:
        Broken: Unknown key, other suite, outside the key's term, or not what the key signed.
    """
    suite, name, at = by
    terms = [key for key in keys if key.id == name == id_of(key.public)]
    if not terms:
        raise Broken("key", number, by=name)
    known = {key.public for key in terms if key.suite == suite}
    try:
        is_right = any(is_signed(suite, public=public, signature=signature, data=data) for public in known or ("",))
    except MetropoolError as reason:
        raise Broken("suite", number, reason=reason.what) from reason
    if not is_right:
        raise Broken("signature", number, by=name)
    if not any(key.since <= at and (key.until is None or at <= key.until) for key in terms):
        raise Broken("term", number, by=name, at=at.isoformat())
