"""The configs that come with Lionhunt, one TOML file each; `lionhunt search NAME` runs one."""
