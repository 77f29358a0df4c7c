//! What is asked of Cost Explorer.

use crate::days::Range;
use crate::grouping::Grouping;

pub(crate) const ACTION: &str = "ce:GetCostAndUsage";

/// One question: some days in one grouping, in one region where the grouping is by region as well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// The grouping.
    pub(crate) grouping: Grouping,
    /// The region of [`Grouping::AccountServiceRegion`]; empty for the others.
    pub(crate) region: &'a str,
    /// The days.
    pub(crate) range: Range,
}
