//! Behaviour, tested through the outside.
