"""Exercises, their judges, and the grader of a class."""
