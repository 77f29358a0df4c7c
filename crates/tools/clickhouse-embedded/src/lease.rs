//! Ends a shared engine once no process uses it, and removes its data, which may lie in memory.
//! INVARIANT: the engine ends while it holds the lock alone, so no process can begin to use an engine that is about to end.

use std::fs::{self, File};
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::error::StartError;
use crate::process;

/// Between two looks at the lock.
const PAUSE: Duration = Duration::from_millis(500);

/// Looks in a row that must find the file unlocked: ten seconds, more than a test runner needs between two tests.
const LOOKS: u32 = 20;

/// Watches the file on a thread of its own; `data` is what is removed in the end.
pub(crate) fn end_when_unlocked(path: &Path, data: &Path) -> Result<(), StartError> {
    let data = data.to_owned();
    let file = File::open(path).map_err(|source| StartError::LockFile {
        path: path.to_owned(),
        source,
    })?;
    thread::spawn(move || {
        let mut unlocked = 0;
        loop {
            thread::sleep(PAUSE);
            if file.try_lock().is_err() {
                unlocked = 0;
                continue;
            }
            unlocked += 1;
            if unlocked == LOOKS {
                if let Err(error) = fs::remove_dir_all(&data) {
                    let data = data.display();
                    eprintln!("clickhouse-embedded: cannot remove {data}, ending: {error}");
                }
                process::exit_now(0);
            }
            if let Err(error) = file.unlock() {
                eprintln!("clickhouse-embedded: cannot unlock the lock file, ending: {error}");
                process::exit_now(0);
            }
        }
    });
    Ok(())
}
