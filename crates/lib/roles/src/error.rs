//! Why there are no roles to show: one sentence with the value and the fix.

/// The roles cannot be worked out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RolesError {
    /// The template's own rule for a parameter refuses its value.
    #[error("the parameter {parameter} is {value:?}: it {rule}")]
    Value {
        /// The parameter's name.
        parameter: String,
        /// The value, or the entry of a list.
        value: String,
        /// The template's `ConstraintDescription`.
        rule: String,
    },
    /// A parameter without a default was not given.
    #[error("the parameter {parameter} is missing: it {rule}")]
    Missing {
        /// The parameter's name.
        parameter: String,
        /// The template's `ConstraintDescription`.
        rule: String,
    },
    /// IAM's quotas leave no room for a role.
    #[error(
        "{what} of {role} would have {characters} characters and IAM allows {limit}: shorten {fix}"
    )]
    TooLong {
        /// The role's name.
        role: String,
        /// Which of its policies.
        what: &'static str,
        /// Their length, without white space.
        characters: usize,
        /// What IAM allows.
        limit: usize,
        /// What can be made shorter.
        fix: &'static str,
    },
    /// Names of roles are unique in an account, whatever their letters' case.
    #[error("two roles would be called {name}: give one of them another name")]
    SameName {
        /// The name.
        name: String,
    },
    /// The template itself is not what this version understands.
    #[error("the member roles' template, {place}: {problem}")]
    Template {
        /// The section or resource.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl RolesError {
    pub(crate) fn template(place: &str, problem: impl Into<String>) -> Self {
        Self::Template {
            place: place.to_owned(),
            problem: problem.into(),
        }
    }
}
