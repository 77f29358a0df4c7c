//! The four operations, as IAM names them.

pub(crate) const DESCRIBE: &str = "savingsplans:DescribeSavingsPlans";
pub(crate) const UTILIZATION: &str = "ce:GetSavingsPlansUtilization";
pub(crate) const DETAILS: &str = "ce:GetSavingsPlansUtilizationDetails";
pub(crate) const COVERAGE: &str = "ce:GetSavingsPlansCoverage";
