"""The single-token decoder: a Llama-shaped language model reduced to what acts on a sequence of one token.

The softmax over one score is 1, so attention is ``o_proj(repeat_kv(v_proj(x)))``: queries, keys, positions, the mask
and the cache have no influence, nor have token embeddings, output head and vision tower. Knows neither encoders nor
labels.
"""
