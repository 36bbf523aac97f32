//! The prober: asks past every cache, by path and layer.
