//! The partial messages of the Kubernetes API: field numbers for protobuf, names for JSON.
