//! The shared library and the one call into it. INVARIANT: the library is loaded once and never unloaded, because its threads outlive the call.
#![allow(
    unsafe_code,
    reason = "the engine is a C library: loading it and calling it cannot be expressed in safe Rust"
)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::ManuallyDrop;
use std::path::Path;

use libloading::Library;

use crate::error::StartError;

/// `chdb_result *chdb_query_cmdline(int argc, char **argv)`: runs clickhouse-local with these arguments and returns when its queries end.
type QueryCmdline = unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut c_void;

/// `const char *chdb_result_error(chdb_result *result)`: null when there was no error.
type ResultError = unsafe extern "C" fn(*mut c_void) -> *const c_char;

/// Opens the HTTP port and then never ends: the server lives as long as its query. The sleep function's per-block limit is lifted because a
/// block of one row sleeps three seconds by design, the longest that the function allows. The result of the sleep is used (`sum`): with
/// `count()` the engine leaves the sleeping out and counts as fast as it can, which takes a core and comes to an end.
const SERVE_FOREVER: &str = "SYSTEM START LISTEN HTTP; SELECT sum(slept) FROM (SELECT sleepEachRow(3) AS slept FROM system.numbers LIMIT 1000000000) \
     SETTINGS max_block_size=1, function_sleep_max_microseconds_per_block=0";

/// The loaded engine.
pub(crate) struct Engine {
    query_cmdline: QueryCmdline,
    result_error: ResultError,
    /// Keeps both pointers valid: never dropped.
    _library: ManuallyDrop<Library>,
}

impl Engine {
    /// Loads the library and finds the two functions.
    pub(crate) fn load(path: &Path) -> Result<Self, StartError> {
        let unusable = |error: libloading::Error| {
            // The loader's own text may span lines and repeats its error enum; the source has the plain words.
            let reason = std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), ToString::to_string);
            StartError::LibraryUnusable {
                path: path.to_owned(),
                reason: one_line(&reason),
            }
        };
        // SAFETY: the path is the engine from the lock file or one the user named; its initialisers run on this, the only, thread.
        let library = ManuallyDrop::new(unsafe { Library::new(path) }.map_err(unusable)?);
        // SAFETY: the signatures are those of chdb.h of this version.
        let query_cmdline =
            *unsafe { library.get::<QueryCmdline>(b"chdb_query_cmdline\0") }.map_err(unusable)?;
        // SAFETY: as above.
        let result_error =
            *unsafe { library.get::<ResultError>(b"chdb_result_error\0") }.map_err(unusable)?;
        Ok(Self {
            query_cmdline,
            result_error,
            _library: library,
        })
    }

    /// Serves `directory` on `port`. Returns only when the engine failed, with its words.
    pub(crate) fn serve(&self, directory: &Path, port: u16, config: Option<&Path>) -> String {
        let mut arguments = vec![
            "clickhouse".to_owned(),
            format!("--path={}", directory.display()),
            format!("--http_port={port}"),
            "--listen_host=127.0.0.1".to_owned(),
            "--query".to_owned(),
            SERVE_FOREVER.to_owned(),
        ];
        arguments.extend(config.map(|file| format!("--config-file={}", file.display())));
        let Ok(arguments) = arguments
            .into_iter()
            .map(CString::new)
            .collect::<Result<Vec<_>, _>>()
        else {
            return format!(
                "the data directory {} has a zero byte in its name",
                directory.display()
            );
        };
        let mut argv: Vec<*mut c_char> = arguments
            .iter()
            .map(|argument| argument.as_ptr().cast_mut())
            .collect();
        let Ok(argc) = c_int::try_from(argv.len()) else {
            return "too many arguments".to_owned();
        };
        argv.push(std::ptr::null_mut());
        // SAFETY: argv holds argc zero-terminated strings and a final null, as main() gets them; all outlive the call, which only reads them.
        let result = unsafe { (self.query_cmdline)(argc, argv.as_mut_ptr()) };
        if result.is_null() {
            return "it returned nothing".to_owned();
        }
        // SAFETY: result is a live result of the call above.
        let error = unsafe { (self.result_error)(result) };
        if error.is_null() {
            return "its query ended".to_owned();
        }
        // SAFETY: error is a zero-terminated string owned by result, which is not freed: the process ends now.
        one_line(&unsafe { CStr::from_ptr(error) }.to_string_lossy())
    }
}

/// Joins the lines of a message, so that an error stays one sentence.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
