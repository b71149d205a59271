"""Directives: an author writes their names, the build fills them from files of the repository."""
