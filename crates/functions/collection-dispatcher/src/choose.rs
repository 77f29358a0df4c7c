//! Which account × collector to ask for. Pure.

use std::collections::HashMap;

use chrono::TimeDelta;
use polo_core::{AccountId, CollectorId, CollectorManifest, Scope, Timestamp};
use polo_store::dispatches::DispatchState;

use crate::active::Active;

/// An event whose run has not begun after this is lost.
const LOST_AFTER: TimeDelta = TimeDelta::minutes(15);
/// A collector that others wait for is given up on after this: its function's time was up long ago.
const WAITED_FOR: TimeDelta = TimeDelta::hours(2);
/// A run that crashed is asked for again at most this often; a collector that always crashes must not run all day.
const CRASHED_AGAIN_AFTER: TimeDelta = TimeDelta::hours(1);

/// One account × collector to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) account_id: AccountId,
    pub(crate) collector: CollectorId,
}

/// Every collector for every account, by scope: what only a payer can tell is asked in payers alone.
pub(crate) fn sweep(active: &[Active], collectors: &[&CollectorManifest]) -> Vec<Wanted> {
    let asked = |account: &Active, scope| match scope {
        // The payer's part of a run is its own: the collector finds out whether it is in the payer.
        Scope::Account | Scope::AccountAndPayer | Scope::Region => true,
        Scope::Payer => account.pays,
    };
    active
        .iter()
        .flat_map(|account| {
            collectors
                .iter()
                .filter(|collector| asked(account, collector.scope))
                .map(|collector| Wanted {
                    account_id: account.account_id.clone(),
                    collector: collector.id.clone(),
                })
        })
        .collect()
}

/// For an account that has just become active: what was not asked for within half its period.
pub(crate) fn newly_active(
    wanted: Vec<Wanted>,
    states: &[DispatchState],
    collectors: &[CollectorManifest],
    now: Timestamp,
) -> Vec<Wanted> {
    let states = by_key(states);
    wanted
        .into_iter()
        .filter(|one| {
            let last = states
                .get(&key(one))
                .and_then(|state| state.last_accepted_at);
            last.is_none_or(|at| now - at >= half_period(manifest(collectors, &one.collector)))
        })
        .collect()
}

fn manifest<'a>(
    collectors: &'a [CollectorManifest],
    id: &CollectorId,
) -> Option<&'a CollectorManifest> {
    collectors.iter().find(|collector| collector.id == *id)
}

fn half_period(collector: Option<&CollectorManifest>) -> TimeDelta {
    let hours = collector.map_or(24, |collector| collector.period_hours);
    TimeDelta::minutes(i64::from(hours) * 30)
}

/// Without those that work on what others find: the next tick asks for them, once the others have ended.
pub(crate) fn independent(wanted: Vec<Wanted>, collectors: &[CollectorManifest]) -> Vec<Wanted> {
    wanted
        .into_iter()
        .filter(|one| {
            manifest(collectors, &one.collector).is_none_or(|found| found.after.is_empty())
        })
        .collect()
}

/// Whether the collectors that it works on have ended since it was last asked for, or will not end any more.
fn is_next(
    one: &Wanted,
    collector: &CollectorManifest,
    states: &HashMap<Key<'_>, &DispatchState>,
    now: Timestamp,
) -> bool {
    let last = states
        .get(&key(one))
        .and_then(|state| state.last_accepted_at);
    let since = |at: Timestamp| last.is_none_or(|last| at > last);
    let due = last.is_none_or(|last| now - last >= half_period(Some(collector)));
    due && collector.after.iter().all(|other| {
        let state = states.get(&(&one.account_id, other));
        let ended = state.and_then(|state| state.last_finished_at);
        let asked = state.and_then(|state| state.last_accepted_at);
        ended.is_some_and(since) || asked.is_some_and(|at| since(at) && now - at >= WAITED_FOR)
    })
}

/// What fell through: never asked for, asked for and never begun, or begun and never ended; and what others had to be
/// waited for.
pub(crate) fn reconcile(
    wanted: Vec<Wanted>,
    states: &[DispatchState],
    collectors: &[CollectorManifest],
    now: Timestamp,
) -> Vec<Wanted> {
    let states = by_key(states);
    wanted
        .into_iter()
        .filter(|one| {
            let waits =
                manifest(collectors, &one.collector).filter(|found| !found.after.is_empty());
            let next = waits.is_none_or(|collector| is_next(one, collector, &states, now));
            let Some(state) = states.get(&key(one)) else {
                return next;
            };
            let Some(asked_at) = state.last_accepted_at else {
                // Run by hand only: no sweep has asked yet.
                return next;
            };
            if waits.is_some() && next {
                return true;
            }
            let begun = state.last_started_at.is_some_and(|at| at >= asked_at);
            let lost = !begun && now - asked_at >= LOST_AFTER;
            let crashed = begun
                && state
                    .unfinished_until
                    .is_some_and(|until| until + TimeDelta::minutes(5) < now);
            lost || (crashed && now - asked_at >= CRASHED_AGAIN_AFTER)
        })
        .collect()
}

type Key<'a> = (&'a AccountId, &'a CollectorId);

fn key(one: &Wanted) -> Key<'_> {
    (&one.account_id, &one.collector)
}

fn by_key(states: &[DispatchState]) -> HashMap<Key<'_>, &DispatchState> {
    states
        .iter()
        .map(|state| ((&state.account_id, &state.collector), state))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn now() -> Timestamp {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn wanted() -> Vec<Wanted> {
        vec![Wanted {
            account_id: "123456789012".parse().unwrap(),
            collector: "config_ec2".parse().unwrap(),
        }]
    }

    /// Minutes ago: accepted, begun, and the deadline of a run without an end.
    fn state(
        accepted: Option<i64>,
        begun: Option<i64>,
        unfinished_until: Option<i64>,
    ) -> Vec<DispatchState> {
        let ago = |minutes: i64| now() - TimeDelta::minutes(minutes);
        vec![DispatchState {
            account_id: "123456789012".parse().unwrap(),
            collector: "config_ec2".parse().unwrap(),
            last_accepted_at: accepted.map(ago),
            last_accepted_sweep: None,
            last_finished_at: None,
            unfinished_until: unfinished_until.map(ago),
            last_started_at: begun.map(ago),
        }]
    }

    #[test]
    fn the_tick_asks_for_what_fell_through_and_nothing_else() {
        for (states, asks, why) in [
            (vec![], true, "never asked for"),
            (state(None, Some(5), None), true, "run by hand only"),
            (state(Some(5), None, None), false, "asked for just now"),
            (state(Some(16), None, None), true, "the event is lost"),
            (
                state(Some(16), Some(20), None),
                true,
                "begun before it was asked for: the event is lost",
            ),
            (state(Some(16), Some(15), None), false, "begun and ended"),
            (state(Some(16), Some(15), Some(-1)), false, "under way"),
            (
                state(Some(30), Some(29), Some(14)),
                false,
                "crashed a short while ago",
            ),
            (
                state(Some(61), Some(60), Some(45)),
                true,
                "crashed, and an hour has passed",
            ),
        ] {
            assert_eq!(
                !reconcile(wanted(), &states, &[], now()).is_empty(),
                asks,
                "{why}"
            );
        }
    }

    /// Asked for and ended so many minutes ago.
    fn ended(collector: &str, accepted: i64, finished: Option<i64>) -> DispatchState {
        let ago = |minutes: i64| now() - TimeDelta::minutes(minutes);
        DispatchState {
            collector: collector.parse().unwrap(),
            last_finished_at: finished.map(ago),
            ..state(Some(accepted), finished, None).remove(0)
        }
    }

    #[test]
    fn what_works_on_others_findings_is_asked_for_when_they_have_ended() {
        let metrics = CollectorManifest {
            after: vec!["config_ec2".parse().unwrap(), "config_elb".parse().unwrap()],
            ..manifest_of("metrics", "region")
        };
        let wanted = || {
            vec![Wanted {
                account_id: "123456789012".parse().unwrap(),
                collector: "metrics".parse().unwrap(),
            }]
        };
        let collectors = std::slice::from_ref(&metrics);
        assert!(independent(wanted(), collectors).is_empty());
        let day = 24 * 60;
        for (states, asks, why) in [
            (vec![], false, "the others were never asked"),
            (
                vec![ended("config_ec2", 9, Some(5))],
                false,
                "one of two has ended",
            ),
            (
                vec![
                    ended("config_ec2", 9, Some(5)),
                    ended("config_elb", 9, None),
                ],
                false,
                "one is under way",
            ),
            (
                vec![
                    ended("config_ec2", 9, Some(5)),
                    ended("config_elb", 9, Some(1)),
                ],
                true,
                "both have ended",
            ),
            (
                vec![
                    ended("config_ec2", 125, Some(121)),
                    ended("config_elb", 125, None),
                ],
                true,
                "one will not end any more",
            ),
            (
                vec![
                    ended("config_ec2", 30, Some(25)),
                    ended("config_elb", 30, Some(25)),
                    ended("metrics", 20, Some(19)),
                ],
                false,
                "asked for since they ended",
            ),
            (
                vec![
                    ended("config_ec2", 30, Some(25)),
                    ended("config_elb", 30, Some(25)),
                    ended("metrics", day, Some(day)),
                ],
                true,
                "the next day",
            ),
            (
                vec![
                    ended("config_ec2", 30, Some(25)),
                    ended("config_elb", 30, Some(25)),
                    ended("metrics", 60, Some(59)),
                ],
                false,
                "the others ran again within half a period",
            ),
            (
                vec![
                    ended("config_ec2", 30, Some(25)),
                    ended("config_elb", 30, Some(25)),
                    ended("metrics", 20, None),
                ],
                true,
                "its event is lost",
            ),
        ] {
            let asked = reconcile(wanted(), &states, collectors, now());
            assert_eq!(!asked.is_empty(), asks, "{why}");
        }
    }

    fn manifest_of(id: &str, scope: &str) -> CollectorManifest {
        let json = format!(
            r#"{{"id": "{id}", "description": "", "schedule": "daily", "scope": "{scope}", "period_hours": 24,
            "freshness_hours": 36, "memory_mb": 128, "timeout_s": 60, "read_actions": ["a:B"], "tables": []}}"#
        );
        CollectorManifest::parse(id, &json).unwrap()
    }

    #[test]
    fn what_speaks_for_the_payer_is_asked_in_the_payer_alone() {
        let active = [("111111111111", false), ("222222222222", true)].map(|(id, pays)| Active {
            account_id: id.parse().unwrap(),
            pays,
        });
        let scopes = ["payer", "account", "account_and_payer", "region"];
        let collectors = scopes.map(|scope| manifest_of(scope, scope));
        let wanted = sweep(&active, &collectors.iter().collect::<Vec<_>>());
        let wanted: Vec<String> = wanted
            .iter()
            .map(|one| format!("{} {}", one.account_id, one.collector))
            .collect();
        assert_eq!(
            wanted,
            [
                "111111111111 account",
                "111111111111 account_and_payer",
                "111111111111 region",
                "222222222222 payer",
                "222222222222 account",
                "222222222222 account_and_payer",
                "222222222222 region"
            ]
        );
    }

    #[test]
    fn a_newly_active_account_is_not_asked_twice_within_half_a_period() {
        let collectors = [manifest_of("config_ec2", "region")];
        for (accepted, asks) in [(None, true), (Some(11 * 60), false), (Some(12 * 60), true)] {
            let states = state(accepted, None, None);
            assert_eq!(
                !newly_active(wanted(), &states, &collectors, now()).is_empty(),
                asks,
                "{accepted:?}"
            );
        }
    }
}
