"""Sweeps: many trainings and tests from one file, and the table of their scores."""
