"""When a copy that one registry owes another begins: `due(view: Owed, parameters) -> Due | None`.

`None` means not by itself: under `lazy` when somebody asks for the image, under `never` not at all.
"""
