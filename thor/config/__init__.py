"""Config: the street door. It mounts the rooms and holds no logic."""
