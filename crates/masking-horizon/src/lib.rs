//! How long DNS caches could hide that the control plane is dead.
//!
//! On the way from the server of the cluster zone to a program there are caches: one in the server, one on the node, one in
//! the program. Each keeps an answer for some time after it stopped being true. Their sum is the masking horizon: whoever
//! watches names, and waits for less, sees nothing wrong. This crate computes it from what the parts are configured to do,
//! and says for each line of configuration what it adds.
//!
//! Owns: the arithmetic ([`Chain::horizon`]), the declaration of client caches ([`Client::parse`]), the explanation.
//!
//! Does not know: files, servers, clocks. It is given a [`Chain`]; [`settings`] makes its layers of Corefiles, `plimsoll dns
//! horizon` puts them together.
//!
//! Start at [`Chain`].

mod chain;
mod client;
mod horizon;
pub mod settings;
mod span;
mod text;

pub use chain::{Authority, Cache, Chain, ChainError, Hold, Knowledge, LAYERS_MAX};
pub use client::{Client, ClientError};
pub use horizon::{Horizon, Line, Sight};
pub use span::Span;
