//! The HTTP port. INVARIANT: a port that another program holds is refused before the engine starts, because the engine would serve nothing
//! and the other program might answer in its place.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

use crate::error::StartError;

/// How often a chosen port may be lost to another program before that is an error.
pub(crate) const ATTEMPTS: u32 = 5;

/// `wanted`, proven free; for 0 a free one that the system names.
pub(crate) fn choose(wanted: u16) -> Result<u16, StartError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortInUse { port: wanted },
        _ => StartError::Port {
            port: wanted,
            source,
        },
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).map_err(failed)?;
    Ok(listener.local_addr().map_err(failed)?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_chooses_a_free_port() {
        assert_ne!(choose(0).unwrap(), 0);
    }

    #[test]
    fn port_in_use_refused() {
        let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = holder.local_addr().unwrap().port();
        assert_eq!(
            choose(port).unwrap_err().to_string(),
            format!(
                "port {port} on 127.0.0.1 is in use; give another with --http-port, or 0 for a free one"
            )
        );
    }
}
