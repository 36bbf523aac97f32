//! LIST bodies and watch streams, cut into objects as the bytes arrive.
