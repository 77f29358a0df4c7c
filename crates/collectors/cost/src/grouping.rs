//! The three groupings. They tell of the same money: no two of them are ever added.

use aws_sdk_costexplorer::types::{
    Dimension, DimensionValues, Expression, GroupDefinition, GroupDefinitionType,
};

/// How a question groups cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grouping {
    /// Linked accounts by services.
    AccountService,
    /// Regions alone.
    Region,
    /// Linked accounts by services in one region: the API takes two keys at most, so the third is a filter.
    AccountServiceRegion,
}

impl Grouping {
    /// The grouping as it is stored.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AccountService => "account_service",
            Self::Region => "region",
            Self::AccountServiceRegion => "account_service_region",
        }
    }

    /// The dimensions that AWS groups by, in the order in which it gives their values.
    pub(crate) fn keys(self) -> &'static [&'static str] {
        match self {
            Self::AccountService | Self::AccountServiceRegion => &["LINKED_ACCOUNT", "SERVICE"],
            Self::Region => &["REGION"],
        }
    }

    /// The same as the request says it.
    pub(crate) fn group_by(self) -> Vec<GroupDefinition> {
        self.keys()
            .iter()
            .map(|key| {
                GroupDefinition::builder()
                    .r#type(GroupDefinitionType::Dimension)
                    .key(*key)
                    .build()
            })
            .collect()
    }
}

/// Only what was spent in one region.
pub(crate) fn in_region(region: &str) -> Expression {
    let dimension = DimensionValues::builder()
        .key(Dimension::Region)
        .values(region)
        .build();
    Expression::builder().dimensions(dimension).build()
}
