//! The form of an answer.

/// HTML for people or JSON for programs: a refusal has the form of what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Html,
    /// For programs: everything under `/api`.
    Json,
}

impl Form {
    /// The form of a path.
    pub fn of(path: &str) -> Self {
        let path = path.trim_start_matches('/');
        if path == "api" || path.starts_with("api/") {
            Self::Json
        } else {
            Self::Html
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_under_api_is_for_programs() {
        assert_eq!(Form::of("/api"), Form::Json);
        assert_eq!(Form::of("//api/nothing"), Form::Json);
        assert_eq!(Form::of("/apiary"), Form::Html);
        assert_eq!(Form::of("/"), Form::Html);
    }
}
