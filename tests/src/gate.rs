//! A gate before a server: connections pass, wait, or are cut, as the test says.
//!
//! Invariant: a connection that waits has not reached the server; cutting ends also those that passed before.

use std::future::pending;
use std::net::Ipv4Addr;

use tokio::io::copy_bidirectional;
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
    waiting: watch::Receiver<usize>,
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
        let (count, waiting) = watch::channel(0);
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
            waiting,
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

    /// Waits until somebody waits at the gate.
    pub async fn somebody_waits(&self) {
        until("somebody waits at the gate", async || {
            (*self.waiting.borrow() > 0).then_some(())
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
    let mode = *modes.borrow_and_update();
    let mode = if mode == Mode::Held {
        count.send_modify(|waiting| *waiting += 1);
        let next = tokio::select! {
            next = modes.wait_for(|mode| *mode != Mode::Held) => next.map_or(Mode::Cut, |mode| *mode),
            // Whoever waited has gone.
            () = gone(&connection) => Mode::Cut,
        };
        count.send_modify(|waiting| *waiting -= 1);
        next
    } else {
        mode
    };
    if mode == Mode::Cut {
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

/// Ends when the other side has hung up; its request lies unread until then.
async fn gone(connection: &TcpStream) {
    let mut one = [0_u8];
    loop {
        match connection.peek(&mut one).await {
            Ok(0) | Err(_) => return,
            Ok(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
        }
    }
}
