"""One module for each task kind, with a function `build` from its options to its task.

It may import all of `proxy_tasks`. `TaskOptions.build` imports the module of a kind by name.
"""
