"""The services. They never import each other: what they have to say goes by events, what they must ask goes by `/internal`."""
