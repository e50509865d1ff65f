"""Faces: API, sessions, documents, the built site."""
