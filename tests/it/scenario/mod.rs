//! Scenario files: their errors, the tables that they name, and the variation between replications.

mod files;
mod tables;
mod variation;
mod warnings;
