//! What an agent takes and what it does not.
