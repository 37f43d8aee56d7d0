"""The documentation: pages in Markdown, and what writes those of them that are read off the code.

`tutorial`, `questions`, `howto`, `reference` and `explanation` are the kinds of pages; `regsim docs` prints them.
`python -m sim.docs` writes all pages and drawings that are generated, and a test holds that they are as it would write
them. `python -m sim.docs.console` runs the commands that stand in pages, and says where they print something else.
"""
