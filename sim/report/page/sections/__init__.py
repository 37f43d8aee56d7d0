"""The parts of a page, a module for each subject: functions of a stored result that make a section, or none.

A section is left out where a result has nothing of the kind, as a search keeps no deploys, and where there was nothing
to show, as of faults that nobody asked for.
"""
