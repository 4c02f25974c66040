"""Functions of the user: their declaration, their expressions for exports, and their tests.

It may import the modules directly in `dsl`. The module `report` runs programs, so it may import
`dsl.execution` too.
"""

from lionhunt.dsl.functions.declaration import function

__all__ = ["function"]
