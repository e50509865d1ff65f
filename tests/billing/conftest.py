"""Fixtures of the billing tests."""

import pytest

from billing.company import Company


@pytest.fixture
def company(tmp_path):
    company = Company(tmp_path)
    yield company
    company.database.close()
