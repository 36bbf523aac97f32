//! Pods on this node, from the three local sources that know them.
