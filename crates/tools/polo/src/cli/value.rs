//! Values of flags and arguments. Invariant: a wrong value is one sentence with the value and the fix; the flag's name is
//! put before it where it is printed.

use std::num::IntErrorKind;

use polo_core::setting::Setting;
use polo_core::text::quoted;

use super::account::AccountArg;

pub(crate) fn account(text: &str) -> Result<AccountArg, String> {
    AccountArg::parse(text)
}

/// A collector of this version.
pub(crate) fn collector(text: &str) -> Result<String, String> {
    let manifests = polo_store::collectors::manifests().map_err(|error| error.to_string())?;
    let known: Vec<&str> = manifests
        .iter()
        .map(|manifest| manifest.id.as_str())
        .collect();
    if known.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "there is no collector {}: give one of {}",
        quoted(text),
        known.join(", ")
    ))
}

pub(crate) fn region(text: &str) -> Result<String, String> {
    checked(Setting::Region, text)
}

/// Why somebody decides something, without the blanks around it.
pub(crate) fn reason(text: &str) -> Result<String, String> {
    checked(Setting::Reason, text.trim())
}

/// Who somebody is, or what something is for, without the blanks around it.
pub(crate) fn name(text: &str) -> Result<String, String> {
    checked(Setting::Name, text.trim())
}

/// The same; empty takes back what was set.
pub(crate) fn name_or_nothing(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Ok(String::new()),
        text => name(text),
    }
}

fn checked(kind: Setting, text: &str) -> Result<String, String> {
    match kind.check(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(rule) if text.is_empty() => Err(format!("the value is empty: {rule}")),
        Err(rule) => Err(format!("{} cannot be used: {rule}", quoted(text))),
    }
}

pub(crate) fn count(text: &str) -> Result<u32, String> {
    match text.parse::<u32>() {
        Ok(number) if number > 0 => Ok(number),
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => Err(format!(
            "{} is too large: give at most {}",
            quoted(text),
            u32::MAX
        )),
        _ => Err(format!(
            "{} is not a count: give a whole number above zero",
            quoted(text)
        )),
    }
}

pub(crate) fn seconds(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| {
        format!(
            "{} is not a number of seconds: give a whole number such as 300",
            quoted(text)
        )
    })
}

pub(crate) fn retention_days(text: &str) -> Result<u32, String> {
    let days = checked(Setting::RetentionDays, text)?;
    days.parse().map_err(|_| days)
}

/// The name of a cluster becomes part of every statement.
pub(crate) fn cluster(text: &str) -> Result<String, String> {
    const CHARACTERS: usize = 128;
    if text.len() <= CHARACTERS && polo_store::migrations::is_cluster_name(text) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{} is not the name of a cluster: give it as in system.clusters, or as {{cluster}}",
            quoted(text)
        ))
    }
}
