"""The pre-norm Transformer of the vision and language models."""

import equinox as eqx
import jax


class Block(eqx.Module):
    """One pre-norm block: attention, then an MLP of four times the width.

    Attributes:
        qkv, out: projections of attention.
        up, down: layers of the MLP.
        attention_norm, mlp_norm: layer norms before attention and before the MLP.
        num_heads: attention heads; divides the width.
    """

    qkv: eqx.nn.Linear
    out: eqx.nn.Linear
    up: eqx.nn.Linear
    down: eqx.nn.Linear
    attention_norm: eqx.nn.LayerNorm
    mlp_norm: eqx.nn.LayerNorm
    num_heads: int = eqx.field(static=True)

    def __init__(self, width: int, num_heads: int, *, key: jax.Array):
        keys = jax.random.split(key, 4)
        self.qkv = eqx.nn.Linear(width, 3 * width, use_bias=False, key=keys[0])
        self.out = eqx.nn.Linear(width, width, use_bias=False, key=keys[1])
        self.up = eqx.nn.Linear(width, 4 * width, key=keys[2])
        self.down = eqx.nn.Linear(4 * width, width, key=keys[3])
        self.attention_norm = eqx.nn.LayerNorm(width)
        self.mlp_norm = eqx.nn.LayerNorm(width)
        self.num_heads = num_heads

    def __call__(self, x: jax.Array, *, causal: bool) -> jax.Array:
        """Map shape (length, width) to itself; `causal` hides later tokens from each token."""
        length, width = x.shape
        qkv = jax.vmap(lambda token: self.qkv(self.attention_norm(token)))(x)
        heads = qkv.reshape(length, 3, self.num_heads, width // self.num_heads)
        query, key, value = (heads[:, i] for i in range(3))
        mixed = jax.nn.dot_product_attention(query, key, value, is_causal=causal)
        x = x + jax.vmap(self.out)(mixed.reshape(length, width))
        return x + jax.vmap(lambda token: self.down(jax.nn.gelu(self.up(self.mlp_norm(token)))))(x)


class Transformer(eqx.Module):
    """Blocks over embedded tokens, with learned positions and a final layer norm."""

    position: jax.Array
    blocks: list[Block]
    norm: eqx.nn.LayerNorm
    causal: bool = eqx.field(static=True)

    def __init__(
        self,
        length: int,
        width: int,
        num_layers: int,
        num_heads: int,
        *,
        causal: bool,
        key: jax.Array,
    ):
        position_key, *keys = jax.random.split(key, num_layers + 1)
        self.position = 0.02 * jax.random.normal(position_key, (length, width))
        self.blocks = [Block(width, num_heads, key=k) for k in keys]
        self.norm = eqx.nn.LayerNorm(width)
        self.causal = causal

    def __call__(self, x: jax.Array) -> jax.Array:
        """Map shape (length, width) to itself."""
        x = x + self.position[: x.shape[0]]
        for block in self.blocks:
            x = block(x, causal=self.causal)
        return jax.vmap(self.norm)(x)
