//! How many targets there are, and in which states. Pure.
//!
//! Invariant: a sum over something that could not be read is no sum.

use std::collections::{BTreeMap, HashMap};

/// Targets by state, in AWS's words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Health {
    targets: u64,
    by_state: BTreeMap<String, u64>,
}

impl Health {
    /// Of targets of which each has the state that AWS gives, if it gives one.
    pub(crate) fn of<'a>(states: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut health = Self::default();
        for state in states {
            health.targets += 1;
            if let Some(state) = state.filter(|state| !state.is_empty()) {
                *health.by_state.entry(state.to_owned()).or_default() += 1;
            }
        }
        health
    }

    /// All targets.
    pub(crate) fn targets(&self) -> u64 {
        self.targets
    }

    /// Those in one state.
    pub(crate) fn in_state(&self, state: &str) -> u64 {
        self.by_state.get(state).copied().unwrap_or_default()
    }

    /// The targets of each state that occurs.
    pub(crate) fn by_state(&self) -> &BTreeMap<String, u64> {
        &self.by_state
    }

    fn add(&mut self, other: &Self) {
        self.targets += other.targets;
        for (state, targets) in &other.by_state {
            *self.by_state.entry(state.clone()).or_default() += targets;
        }
    }
}

/// What is behind one load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Behind {
    /// Its target groups.
    pub(crate) target_groups: u64,
    /// Their targets; none where the health of any of them could not be read.
    pub(crate) health: Option<Health>,
}

/// What is behind each load balancer, by ARN: as much of a region as is kept in memory.
#[derive(Debug, Default)]
pub(crate) struct AllBehind(HashMap<String, Behind>);

impl AllBehind {
    /// Takes a target group of these load balancers; no health where it could not be read.
    pub(crate) fn add(&mut self, load_balancers: &[String], health: Option<&Health>) {
        for arn in load_balancers {
            let behind = self.0.entry(arn.clone()).or_insert_with(Behind::nothing);
            behind.target_groups += 1;
            match (&mut behind.health, health) {
                (Some(sum), Some(health)) => sum.add(health),
                (sum, _) => *sum = None,
            }
        }
    }

    /// What is behind a load balancer; nothing where no target group names it.
    pub(crate) fn of(&self, arn: &str) -> Behind {
        self.0.get(arn).cloned().unwrap_or_else(Behind::nothing)
    }
}

impl Behind {
    fn nothing() -> Self {
        Self {
            target_groups: 0,
            health: Some(Health::default()),
        }
    }
}
