//! The settings of making stack instances: where the StackSet's roles go, and as whom they are asked for.
//!
//! Invariant: either all of it is there or none; half of it is one sentence.

use polo_core::{RoleArn, Setting};

use super::variable::{checked, role_arn, split};
use super::{ConfigProblem, Lookup};

/// How stack instances are made for single accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisioningConfig {
    /// The OUs or roots that the StackSet targets; not empty.
    pub rollout_ous: Vec<String>,
    /// The one region of the roles' stacks.
    pub role_region: String,
    /// The role through which they are asked for, where the hub itself may not.
    pub role_arn: Option<RoleArn>,
}

const OUS: &str = "POLO_ROLLOUT_OUS";
const REGION: &str = "POLO_ROLE_REGION";
const ROLE: &str = "POLO_PROVISIONING_ROLE_ARN";

/// Reads them; none where nothing is set.
pub(super) fn read(get: Lookup<'_>) -> Result<Option<ProvisioningConfig>, ConfigProblem> {
    let (ous, region, role) = (
        get(OUS),
        checked(get, REGION, Setting::Region)?,
        role_arn(get, ROLE)?,
    );
    if ous.is_none() && region.is_none() && role.is_none() {
        return Ok(None);
    }
    let ous = ous.ok_or(ConfigProblem::Missing {
        name: OUS,
        fix: "give the OUs or roots that the StackSet targets, separated by commas, like ou-ab12-cdefgh34",
    })?;
    let region = region.ok_or(ConfigProblem::Missing {
        name: REGION,
        fix: "give the region of the roles' stacks, like us-east-1",
    })?;
    Ok(Some(ProvisioningConfig {
        rollout_ous: rollout_ous(&ous)?,
        role_region: region,
        role_arn: role,
    }))
}

fn rollout_ous(list: &str) -> Result<Vec<String>, ConfigProblem> {
    let ous = split(list);
    let invalid = |value: &str, fix: &str| ConfigProblem::Invalid {
        name: OUS,
        value: value.to_owned(),
        fix: fix.to_owned(),
    };
    if ous.is_empty() {
        return Err(invalid(list, "name at least one OU or root"));
    }
    for ou in &ous {
        Setting::OuId.check(ou).map_err(|rule| invalid(ou, rule))?;
    }
    Ok(ous)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(variables: &[(&str, &str)]) -> Result<Option<ProvisioningConfig>, ConfigProblem> {
        read(&|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn all_of_it_or_none() {
        assert_eq!(parse(&[]).unwrap(), None);
        let role = "arn:aws-us-gov:iam::111111111111:role/dev-polo-provisioner";
        let all = parse(&[
            (OUS, "r-ab12, ou-ab12-cdefgh34"),
            (REGION, "us-gov-west-1"),
            (ROLE, role),
        ])
        .unwrap()
        .unwrap();
        assert_eq!(all.rollout_ous, ["r-ab12", "ou-ab12-cdefgh34"]);
        assert_eq!(all.role_arn.unwrap().to_string(), role);
    }

    #[test]
    fn wrong_values_are_one_sentence_with_variable_and_value() {
        for (variables, parts) in [
            (vec![(OUS, "r-ab12")], vec![REGION, "us-east-1"]),
            (vec![(REGION, "us-east-1")], vec![OUS, "ou-"]),
            (
                vec![(ROLE, "arn:aws:iam::111111111111:role/provisioner")],
                vec![OUS],
            ),
            (
                vec![(OUS, "r-ab12,Workloads"), (REGION, "us-east-1")],
                vec![OUS, "Workloads"],
            ),
            (
                vec![(OUS, ","), (REGION, "us-east-1")],
                vec![OUS, "at least one OU"],
            ),
            (
                vec![(OUS, "r-ab12"), (REGION, "us-east-1,eu-west-1")],
                vec![REGION, "us-east-1,eu-west-1"],
            ),
            (
                vec![
                    (OUS, "r-ab12"),
                    (REGION, "us-east-1"),
                    (ROLE, "provisioner"),
                ],
                vec![ROLE, "provisioner"],
            ),
        ] {
            let error = parse(&variables).unwrap_err().to_string();
            assert!(
                parts.iter().all(|part| error.contains(part)) && !error.contains('\n'),
                "{variables:?}: {error}"
            );
        }
    }
}
