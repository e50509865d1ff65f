"""The tables of access. Instants are Unix seconds, UTC."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

login = Table(
    "login",
    metadata,
    Column("login", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("password_hash", String, nullable=False),
    Column("system", String),
    Column("language", String, nullable=False),
    Column("must_change_password", Boolean, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("last_sign_in_at", BigInteger),
)
session = Table(
    "session",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("csrf_hash", String, nullable=False),
    Column("login", String, nullable=False),
    Column("source", String, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Index("session_by_login", "login"),
)
grant = Table(
    "access_grant",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("login", String, nullable=False),
    Column("role", String),
    Column("action", String),
    Column("scope", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("granted_by", String, nullable=False),
    Column("granted_at", BigInteger, nullable=False),
    Column("valid_until", BigInteger),
    Column("revoked_at", BigInteger),
    Index("access_grant_by_login", "login"),
)
attempt = Table(
    "sign_in_attempt",
    metadata,
    Column("kind", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("locked_until", BigInteger, nullable=False),
    Index("sign_in_attempt_by_time", "first_at"),
)
audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("object", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("correlation", String, nullable=False),
    Column("details", String, nullable=False),
    Column("hash", String, nullable=False),
)
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("hash", String, nullable=False),
)
once = Table(
    "once",
    metadata,
    Column("actor", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("body_hash", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("once_by_time", "at"),
)
consent = Table(
    "consent",
    metadata,
    Column("consent", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("account", String, nullable=False),
    Column("receiver", String, nullable=False),
    Column("message", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("state", String, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("changed_by", String, nullable=False),
    Index("consent_by_account", "account"),
    Index("consent_by_receiver", "receiver", "message"),
)
provision = Table(
    "provision",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("giver", String, nullable=False),
    Column("receiver", String, nullable=False),
    Column("receiver_party", String, nullable=False),
    Column("what", String, nullable=False),
    Column("fields", String, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("subjects", Integer, nullable=False),
    Column("agreement", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("legal_basis", String, nullable=False),
    Column("allowed_by", String, nullable=False),
    Column("expires_at", BigInteger),
    Column("withheld_at", BigInteger),
    Index("provision_by_time", "at"),
    Index("provision_by_agreement", "agreement"),
)
provision_subject = Table(
    "provision_subject",
    metadata,
    Column("provision", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Index("provision_subject_by_subject", "subject"),
)
