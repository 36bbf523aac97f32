//! Tables of the writer and the parser, and what holds for any exposition.

mod parsing;
mod round_trip;
mod writing;
