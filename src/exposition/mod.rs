//! From numbers to bytes: the text of the families, its compression, the choice of a format. Built when data changes, not when
//! somebody scrapes.

mod body;
mod format;
mod gzip;
mod own;
mod page;
mod tweets;

pub use body::Pieces;
pub use format::{Format, Negotiated, accepts_gzip, negotiate};
pub use gzip::Deflated;
pub use page::{Page, Segment};
pub use tweets::{Built, build, build_one};
