"""The grader's parts: what is handed in, how it is run, what it is worth, and what students read.

``submissions`` finds the notebooks in what a learning platform hands out; ``notebook`` reads one;
``run`` starts ``worker`` in a process of its own; ``pool`` does so for a class, on this machine or
on a cluster; ``course`` holds points, deadline and names; ``marks`` adds up; ``feedback`` and
``export`` write.
"""
