//! A door between a test and the engine, to take the database away at any moment and to give it back.
//!
//! Invariant: while the door is shut nothing passes, not even on a connection that was open before.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A relay on a port of its own. Clones share the door.
#[derive(Clone)]
pub struct Gate {
    address: SocketAddr,
    door: Arc<Mutex<Door>>,
}

struct Door {
    open: bool,
    passing: Vec<TcpStream>,
}

impl Gate {
    /// An open door to the engine of this process.
    pub fn to_engine() -> Self {
        let engine = crate::clickhouse::engine_url()
            .trim_start_matches("http://")
            .to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let door = Arc::new(Mutex::new(Door {
            open: true,
            passing: Vec::new(),
        }));
        let shared = Arc::clone(&door);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if let Err(error) = admit(&shared, client, &engine) {
                    eprintln!("the gate to {engine} lets nobody through: {error}");
                }
            }
        });
        Self { address, door }
    }

    /// Where the door is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends every connection and admits none.
    pub fn shut(&self) {
        let mut door = self.door.lock().unwrap_or_else(PoisonError::into_inner);
        door.open = false;
        for stream in door.passing.drain(..) {
            // One that its peer has closed already cannot be closed again.
            stream.shutdown(Shutdown::Both).ok();
        }
    }

    /// Admits connections again.
    pub fn open(&self) {
        self.door
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .open = true;
    }
}

fn admit(door: &Mutex<Door>, client: TcpStream, engine: &str) -> io::Result<()> {
    let mut door = door.lock().unwrap_or_else(PoisonError::into_inner);
    if !door.open {
        return client.shutdown(Shutdown::Both);
    }
    let server = TcpStream::connect(engine)?;
    relay(client.try_clone()?, server.try_clone()?);
    relay(server.try_clone()?, client.try_clone()?);
    door.passing.extend([client, server]);
    Ok(())
}

/// Copies one way until either side ends, then ends the other.
fn relay(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        // A connection that breaks is what the gate is for.
        io::copy(&mut from, &mut to).ok();
        to.shutdown(Shutdown::Both).ok();
    });
}
