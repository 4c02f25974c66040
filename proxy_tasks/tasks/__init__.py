"""One module for each task kind, with a function `build` from its options to its task.

It may import all of `proxy_tasks`. `TaskOptions.build` imports the module of a kind by name.
"""

__all__ = [
    "digits_captions",
    "digits_conv",
    "digits_diffusion",
    "digits_finetuning",
    "digits_mlp",
    "digits_vit",
    "image_vit",
    "stdlib_lm",
    "stdlib_mlm",
    "text_lm",
]
