"""The commands `lionhunt bench ...`: how fast Lionhunt is, and what its options save."""

__all__ = ["group", "parts", "replays", "wholes"]
