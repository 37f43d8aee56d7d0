"""How an image pushed straight to nodes reaches several of them: `plan(count: int, parameters) -> Fanout`."""
