"""A result as one HTML page that needs nothing else: no request, and for the answer no script.

`parts` are what a page is made of, as data; `svg` writes elements, axes and marks, `rowcharts` and `xycharts` draw with
them; each module of `sections` makes one part of the page of one result, `page` puts them into the template beside it.
"""
