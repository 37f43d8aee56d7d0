"""Which image a full registry drops first: `worth(view: Kept, parameters) -> tuple[float, ...]`, the least first.

Images that an instance runs from, and those that somebody is fetching or sending, are never asked about.
"""
