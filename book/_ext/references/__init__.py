"""Ids, numbers, and links from one place of the book to another."""
