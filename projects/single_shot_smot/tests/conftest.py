"""The folder of real videos, as the package's tests have it."""

from tests.conftest import test_data

__all__ = ['test_data']
