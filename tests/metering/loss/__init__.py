"""Tests of loss."""
