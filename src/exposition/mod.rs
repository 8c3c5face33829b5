//! From numbers to bytes: the text of the families, its compression, the choice of a format. Built when data changes, not when
//! somebody scrapes.

mod body;
mod format;
mod gzip;
mod one;
mod own;
mod page;
mod printer;
mod sheets;
mod shelf;
mod text;

#[cfg(test)]
mod tests;

pub use body::Pieces;
pub use format::{Format, Negotiated, accepts_gzip, negotiate};
pub use one::{build_one, texts_of};
pub use own::OwnMetrics;
pub use page::{Built, Page};
pub use printer::Printer;
