"""Registries' access logs: text files of many programs in, pushes and pulls of images out.

In the order of the work: `textfile` opens a file, `envelope` takes off what log shippers put around a line, `parsing`
takes the line apart (`record`, `formatstring` and `endpoint` know fields, layouts and paths, `timestamps` times),
`columns` gives fields the names that stand elsewhere, `ordering` sorts the requests, `sessions` puts them together
again as operations of clients, each a `session` until it ends. `accesslog` reads a whole log, `handwritten`
operations that no log has yet.
"""
