"""What a scenario may say: its tables as typed, frozen models, with keys, units, defaults and their sources.

`root` has all tables together; each other module has one table or one kind of value, named in the words of the file.
What must hold between tables is in `checks`.
"""
