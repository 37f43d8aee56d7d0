"""Where a push goes: `decide(view: PushView, parameters) -> Route`.

A rule is asked once for all pushes of one size that are alike in being new or an update. One that looks at
`view.deploy` (`sim.policies.snapshot.Deploy`), such as for what the chosen nodes hold, is asked as each deploy begins.
"""
