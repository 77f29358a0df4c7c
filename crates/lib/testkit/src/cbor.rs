//! CBOR for the wire-level AWS, written as JSON in tests: a timestamp is `{"$timestamp": 1700000000}`.
//!
//! Source: <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>, where a timestamp is tag 1.

use ciborium::Value as Cbor;
use serde_json::{Map, Value, json};

const EPOCH_TIME: u64 = 1;

/// A request's body; null where it is none.
pub(crate) fn to_json(bytes: &[u8]) -> Value {
    ciborium::from_reader::<Cbor, _>(bytes).map_or(Value::Null, json_of)
}

fn json_of(value: Cbor) -> Value {
    match value {
        Cbor::Integer(number) => i64::try_from(number).map_or(Value::Null, Value::from),
        Cbor::Float(number) => json!(number),
        Cbor::Text(text) => Value::from(text),
        Cbor::Bool(yes) => Value::from(yes),
        Cbor::Array(items) => items.into_iter().map(json_of).collect(),
        Cbor::Map(entries) => entries
            .into_iter()
            .filter_map(|(key, value)| Some((key.into_text().ok()?, json_of(value))))
            .collect::<Map<_, _>>()
            .into(),
        Cbor::Tag(EPOCH_TIME, time) => json!({ "$timestamp": json_of(*time) }),
        _ => Value::Null,
    }
}

/// An answer's body.
pub(crate) fn from_json(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&cbor_of(value), &mut bytes).expect("memory takes every byte");
    bytes
}

fn cbor_of(value: &Value) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(yes) => Cbor::Bool(*yes),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Cbor::Integer(whole.into()),
            None => Cbor::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Array(items) => Cbor::Array(items.iter().map(cbor_of).collect()),
        Value::Object(fields) => match fields.get("$timestamp") {
            Some(time) => Cbor::Tag(EPOCH_TIME, Box::new(cbor_of(time))),
            None => Cbor::Map(
                fields
                    .iter()
                    .map(|(key, value)| (Cbor::Text(key.clone()), cbor_of(value)))
                    .collect(),
            ),
        },
    }
}
