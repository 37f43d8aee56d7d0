"""Where a push goes: `decide(view: PushView, parameters) -> Route`, once per deploy."""
