"""Workers on a Ray cluster; this package alone imports Ray."""

__all__ = ["ray_cluster", "ray_head", "ray_host"]
