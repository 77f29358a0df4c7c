//! A gate before a server: connections pass, wait, or are cut, as the test says.
//!
//! Invariant: a connection that waits has not reached the server; cutting ends also those that passed before.

use std::future::pending;
use std::net::Ipv4Addr;

use tokio::io::{Interest, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::until;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Open,
    Held,
    Cut,
}

/// The gate; it goes with the value.
#[derive(Debug)]
pub struct Gate {
    /// Where it listens.
    pub url: String,
    mode: watch::Sender<Mode>,
    arrivals: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl Gate {
    /// An open gate before the server at this address, `http://host:port`.
    pub async fn before(url: &str) -> Self {
        let upstream = url
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (mode, modes) = watch::channel(Mode::Open);
        let (count, arrivals) = watch::channel(0);
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(pass(
                    connection,
                    upstream.clone(),
                    modes.clone(),
                    count.clone(),
                ));
            }
        });
        Self {
            url: format!("http://localhost:{port}"),
            mode,
            arrivals,
            task,
        }
    }

    /// Lets everything pass, also what waits.
    pub fn open(&self) {
        self.mode.send_replace(Mode::Open);
    }

    /// Makes new connections wait.
    pub fn hold(&self) {
        self.mode.send_replace(Mode::Held);
    }

    /// Ends all connections, and every new one at once.
    pub fn cut(&self) {
        self.mode.send_replace(Mode::Cut);
    }

    /// How many connections have come to a gate that holds.
    #[must_use]
    pub fn arrivals(&self) -> usize {
        *self.arrivals.borrow()
    }

    /// Waits until more connections than these have come to a gate that holds.
    pub async fn more_than(&self, arrivals: usize) {
        until("a connection waits at the gate", async || {
            (self.arrivals() > arrivals).then_some(())
        })
        .await;
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(
    mut connection: TcpStream,
    upstream: String,
    mut modes: watch::Receiver<Mode>,
    count: watch::Sender<usize>,
) {
    if *modes.borrow_and_update() == Mode::Held {
        count.send_modify(|arrivals| *arrivals += 1);
    }
    let released = modes.wait_for(|mode| *mode != Mode::Held).await;
    if released.map_or(Mode::Cut, |mode| *mode) == Mode::Cut {
        return;
    }
    let readable = connection.ready(Interest::READABLE).await;
    if readable.is_ok_and(|ready| ready.is_read_closed()) {
        // Whoever waited is gone; its request must not be made after its death.
        return;
    }
    let Ok(mut server) = TcpStream::connect(upstream).await else {
        return;
    };
    tokio::select! {
        // Either end closing is the normal end of a connection.
        _ = copy_bidirectional(&mut connection, &mut server) => {}
        () = cut(&mut modes) => {}
    }
}

async fn cut(modes: &mut watch::Receiver<Mode>) {
    if modes.wait_for(|mode| *mode == Mode::Cut).await.is_err() {
        pending::<()>().await;
    }
}
