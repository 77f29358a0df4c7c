//! Says that the engine listens. INVARIANT: the line is printed once, and only when `/ping` answers *and* the answering server has our data
//! directory, so that a foreign server on the port is never announced as ours.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// Between two questions; the engine needs about 0.3 s to listen.
const PAUSE: Duration = Duration::from_millis(25);

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Watches the port on a thread of its own and announces the engine there. Ends with the process.
pub(crate) fn announce_when_ready(port: u16, directory: PathBuf, mut announcements: File) {
    thread::spawn(move || {
        while !is_ours(port, &directory) {
            thread::sleep(PAUSE);
        }
        let line = format!("listening on http://127.0.0.1:{port}\n");
        if let Err(error) = announcements
            .write_all(line.as_bytes())
            .and_then(|()| announcements.flush())
        {
            eprintln!(
                "clickhouse-embedded: listening on port {port}, but nobody reads that on stdout: {error}"
            );
        }
    });
}

fn is_ours(port: u16, directory: &Path) -> bool {
    let answers = |target: &str| get(port, target).unwrap_or_default();
    answers("/ping").trim() == "Ok."
        && Path::new(
            answers("/?query=SELECT%20path%20FROM%20system.disks%20WHERE%20name%3D%27default%27")
                .trim(),
        )
        .starts_with(directory)
}

/// The body of a 200 answer, else an error.
fn get(port: u16, target: &str) -> io::Result<String> {
    let mut stream =
        TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // HTTP/1.0: the server closes after its answer and never chunks it.
    write!(stream, "GET {target} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.split_whitespace().nth(1) == Some("200") => Ok(body.to_owned()),
        _ => Err(io::Error::other("no 200 answer")),
    }
}
