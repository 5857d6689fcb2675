//! Results of a run: tables, summary, pictures, pages, and their audit.

mod audit;
mod audit_shipped;
mod identities;
mod market_picture;
mod report;
mod tables;
