"""A search with thousands of workers in virtual time: what its driver, its workers and lag do."""
