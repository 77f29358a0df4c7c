//! What a question costs, as the server's query log says.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use polo_store::Store;
use polo_store::retention::history_tables;

use crate::questions::{QUESTIONS, Question, Sample};
use crate::server::Server;
use crate::size::Size;

/// What one question cost in one database.
pub(crate) struct Row {
    pub(crate) question: Question,
    pub(crate) rows_read: u64,
    pub(crate) took: Duration,
    /// The rows of one granule in each active part of the tables that the statements name. A granule has 8,192 rows, but a
    /// part that is little larger has one granule.
    pub(crate) granule_a_part: u64,
    /// The history tables that the statements name.
    pub(crate) history: BTreeSet<String>,
}

/// All questions over one database.
pub(crate) struct Column {
    pub(crate) size: Size,
    /// Account × collector × place × listing.
    pub(crate) listings: u64,
    pub(crate) rows: Vec<Row>,
}

impl Column {
    pub(crate) async fn of(server: &Server, store: &Store, size: Size) -> Self {
        let sample = Sample::of(server, store).await;
        let mut rows = Vec::new();
        for question in QUESTIONS {
            rows.push(measure(server, store, question, &sample).await);
        }
        let listings = "SELECT count() FROM listing_states FINAL";
        Self {
            size,
            listings: server.number(store.database(), listings).await,
            rows,
        }
    }
}

/// Asks once for the caches, then about each account of the sample. Medians count.
async fn measure(server: &Server, store: &Store, question: Question, sample: &Sample) -> Row {
    let database = store.database();
    question.ask(server, store, &sample.0[0]).await;
    let (mut read, mut took) = (Vec::new(), Vec::new());
    let mut tables = BTreeSet::new();
    for of in &sample.0 {
        let since = server.now().await;
        let begun = Instant::now();
        question.ask(server, store, of).await;
        took.push(begun.elapsed());
        let answer = server.logged(
            database,
            &since,
            "sumIf(read_rows, query_kind = 'Select'), arrayStringConcat(groupUniqArrayArrayIf(tables, query_kind = 'Select'), ' ')",
        );
        let answer = answer.await;
        let (rows, names) = answer.split_once('\t').unwrap();
        read.push(rows.parse().unwrap());
        let own = names.split(' ').filter_map(|name| name.split_once('.'));
        tables.extend(
            own.filter(|(of, _)| *of == database)
                .map(|(_, name)| name.to_owned()),
        );
    }
    read.sort_unstable();
    took.sort_unstable();
    let names: Vec<String> = tables.iter().map(|name| format!("'{name}'")).collect();
    let sql = format!(
        "SELECT sum(if(marks <= 2, greatest(rows, 8192), 8192)) FROM system.parts WHERE active AND database = '{database}' AND has([{}], table)",
        names.join(", ")
    );
    let history = history_tables().unwrap();
    Row {
        question,
        rows_read: read[read.len() / 2],
        took: took[took.len() / 2],
        granule_a_part: server.number("default", &sql).await,
        history: tables
            .into_iter()
            .filter(|table| history.contains(table))
            .collect(),
    }
}
