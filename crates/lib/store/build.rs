//! Embeds every migration and manifest: the shared ones of this crate and those that each collector keeps in its own
//! folder. So adding a collector edits nothing here, and no binary needs files beside it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let collectors = here.join("../../collectors");
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed={}", collectors.display());

    let mut code = String::from("pub(crate) const MIGRATIONS: &[(&str, &str, &str)] = &[\n");
    embed_migrations(&mut code, "store", &here.join("migrations"))?;
    let mut manifests = String::from("pub(crate) const MANIFESTS: &[(&str, &str)] = &[\n");
    for folder in sorted_entries(&collectors)? {
        let Some(owner) = folder.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let manifest = folder.join("collector.json");
        if !manifest.is_file() {
            continue;
        }
        println!("cargo::rerun-if-changed={}", manifest.display());
        writeln!(
            manifests,
            "({owner:?}, include_str!({:?})),",
            manifest.display().to_string()
        )
        .map_err(io::Error::other)?;
        let migrations = folder.join("migrations");
        if migrations.is_dir() {
            println!("cargo::rerun-if-changed={}", migrations.display());
            embed_migrations(&mut code, owner, &migrations)?;
        }
    }
    code.push_str("];\n");
    manifests.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    fs::write(out.join("embedded.rs"), code + &manifests)
}

fn embed_migrations(code: &mut String, owner: &str, folder: &Path) -> io::Result<()> {
    for file in sorted_entries(folder)? {
        let Some(name) = file.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if name.ends_with(".sql") {
            writeln!(
                code,
                "({owner:?}, {name:?}, include_str!({:?})),",
                file.display().to_string()
            )
            .map_err(io::Error::other)?;
        }
    }
    Ok(())
}

fn sorted_entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(folder)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<Vec<_>, _>>()?;
    entries.sort();
    Ok(entries)
}
