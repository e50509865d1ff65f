"""Tests of the capability billing."""
