"""Synthetic demand: deploys drawn from the figures of `[demand]`.

In the order of the work: `parts` are streams by groups of clients, `profiles` and `intensity` say when each comes,
`generate` draws its deploys (`draws`, `sizes`), `starts` what is started without a push, `merging` makes one demand of
all parts.
"""
