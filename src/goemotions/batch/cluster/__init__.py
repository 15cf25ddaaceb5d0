"""Data sets of any size on a Ray cluster (``goemotions batch``): Parquet in, Parquet out, every row once.

Exactly-once needs no transaction here. The input is cut into **fragments** by a manifest that is written before work
begins. A fragment's result is one file, whose name is the fragment's number and whose content depends on nothing else;
it appears under that name whole or not at all. So an attempt that dies leaves nothing, two attempts at one fragment
write the same file, and what is done is exactly what is listed. After any crash the same command checks every byte of
what is there, and scores the fragments whose file is not there or not whole.
"""

from goemotions.errors import MissingExtraError

try:
    import pyarrow as _pyarrow  # noqa: F401
    import ray.data as _ray_data  # noqa: F401
except ImportError as error:
    raise MissingExtraError("goemotions batch", "ray") from error

from goemotions.batch.cluster.nodes import ClusterOptions
from goemotions.batch.cluster.run import predict_dataset

__all__ = ["ClusterOptions", "predict_dataset"]
