"""The page that steps through a trace: `rules` writes the derivatives of operations as data, `data`
what a page carries, `page` the HTML. Its source in TypeScript is in explorer/ beside the package.
"""
