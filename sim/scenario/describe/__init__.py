"""A scenario and its keys for readers: resolved, explained key by key, as a JSON Schema, as a template to fill in."""
