//! The environment of a function's processes. INVARIANT: later layers win: template, the stack's local values, what UpdateFunctionConfiguration
//! set, what Lambda itself sets; nothing of this server's own environment leaks in.

use std::collections::BTreeMap;

/// The stack's local values: for every function, and for single ones.
#[derive(Debug, Default)]
pub(crate) struct StackEnvironment {
    common: BTreeMap<String, String>,
    own: BTreeMap<String, BTreeMap<String, String>>,
}

impl StackEnvironment {
    /// From `KEY=VALUE` pairs; a key `id:KEY` is for one function alone.
    pub(crate) fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut environment = Self::default();
        for (key, value) in pairs {
            match key.split_once(':') {
                Some((id, key)) => environment
                    .own
                    .entry(id.to_owned())
                    .or_default()
                    .insert(key.to_owned(), value),
                None => environment.common.insert(key, value),
            };
        }
        environment
    }

    /// The template's variables under the stack's.
    pub(crate) fn over(
        &self,
        id: &str,
        template: &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let mut merged = template.clone();
        for layer in [Some(&self.common), self.own.get(id)].into_iter().flatten() {
            merged.extend(
                layer
                    .iter()
                    .map(|(key, value)| (key.clone(), value.clone())),
            );
        }
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn own_values_over_common_over_template() {
        let stack =
            StackEnvironment::new(pairs(&[("A", "common"), ("B", "common"), ("x:B", "own")]));
        let template = pairs(&[("A", "template"), ("C", "template")]);
        assert_eq!(
            stack.over("x", &template),
            pairs(&[("A", "common"), ("B", "own"), ("C", "template")])
        );
        assert_eq!(
            stack.over("y", &template),
            pairs(&[("A", "common"), ("B", "common"), ("C", "template")])
        );
    }
}
