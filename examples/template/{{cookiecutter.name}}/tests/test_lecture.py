"""The rules that every lecture keeps."""

from lecture_rules import *  # noqa: F403
