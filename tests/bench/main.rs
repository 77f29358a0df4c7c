//! Rows read and time of every decision, over databases of different sizes and ages, beside the budgets.
//!
//! Counts decide: the program fails if a count exceeds its budget, or if a decision reads history. Times are printed.
//! Arguments such as `10x1 1000x30` name other databases: accounts x days.

#![allow(
    clippy::unwrap_used,
    reason = "a bench that cannot set itself up may panic"
)]

mod aws;
mod budgets;
mod generator;
#[path = "../memory/lambda.rs"]
mod lambda;
mod measure;
mod questions;
mod runs;
mod server;
mod size;
mod table;

use std::process::ExitCode;
use std::time::Duration;

use crate::measure::Column;
use crate::server::Server;
use crate::size::Size;

/// The engine merges small parts of equal size only once they are some seconds old.
const SETTLING: Duration = Duration::from_secs(60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let sizes = Size::all_from(std::env::args().skip(1));
    let server = Server::start();
    let mut stores = Vec::new();
    for size in sizes {
        stores.push((size, generator::make(&server, size).await));
    }
    tokio::time::sleep(SETTLING).await;
    let mut columns = Vec::new();
    for (size, store) in stores {
        columns.push(Column::of(&server, &store, size).await);
    }
    let runs = runs::count(&server).await;
    println!("\n{}", server.describe().await);
    table::print(&columns, &runs);
    let over = budgets::exceeded(&columns, &runs);
    if over.is_empty() {
        println!("\nEvery count is within its budget.");
        return ExitCode::SUCCESS;
    }
    println!("\nOver budget:");
    for line in over {
        println!("- {line}");
    }
    ExitCode::FAILURE
}
