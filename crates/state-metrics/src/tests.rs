//! What the families print.

mod golden;
