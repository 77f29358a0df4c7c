//! The calls, a page in memory at a time; what a region has many of is asked about one by one, a few at once.
//!
//! Invariant: a detail that cannot be read ends nothing but itself, unless the next call would meet the same failure.

pub(crate) mod classic;
pub(crate) mod v2;

use std::collections::HashMap;
use std::future::Future;

use polo_aws::AwsFailure;
use polo_collect::Sink;
use polo_core::ErrorClass;

use crate::rows::Tags;

const LOAD_BALANCERS: &str = "elasticloadbalancing:DescribeLoadBalancers";
const TAGS: &str = "elasticloadbalancing:DescribeTags";

/// The maximum, and the default, of all listings here.
const PAGE: i32 = 400;

/// Resources in one DescribeTags, of either generation.
const TAGGED_AT_ONCE: usize = 20;

/// Health is one call per resource. All calls of a region share one rate at AWS, and the run reads a few regions at
/// once: few enough to leave some of it to others, and 3,000 target groups are read in half a minute.
const HEALTH_AT_ONCE: usize = 8;

/// What asking about one resource came to.
#[derive(Debug)]
enum Detail<T> {
    /// The answer.
    Read(T),
    /// The resource was deleted after it had been listed.
    Gone,
    /// It could not be read.
    Unread(AwsFailure),
}

impl<T> Detail<T> {
    /// Sorts an answer.
    ///
    /// # Errors
    /// A failure that the next resource would meet as well.
    fn of(answer: Result<T, AwsFailure>) -> Result<Self, AwsFailure> {
        match answer {
            Ok(answer) => Ok(Self::Read(answer)),
            Err(failure) if failure.class == ErrorClass::NotFound => Ok(Self::Gone),
            Err(failure) if failure.class.awaits_every_call() => Err(failure),
            Err(failure) => Ok(Self::Unread(failure)),
        }
    }
}

/// The tags of resources that were just listed. One that was deleted since is not in the answer; one whose tags could
/// not be read has none there.
///
/// One resource that is not there any more spoils the answer for all that were asked for with it: then each is asked
/// for alone.
async fn tags_of<F>(
    sink: &mut Sink<'_>,
    ids: &[String],
    ask: impl Fn(Vec<String>) -> F,
) -> Result<HashMap<String, Option<Tags>>, AwsFailure>
where
    F: Future<Output = Result<HashMap<String, Tags>, AwsFailure>>,
{
    let mut found = HashMap::with_capacity(ids.len());
    let mut waiting: Vec<&[String]> = ids.chunks(TAGGED_AT_ONCE).collect();
    while let Some(asked) = waiting.pop() {
        match Detail::of(ask(asked.to_vec()).await)? {
            Detail::Read(mut answer) => found.extend(asked.iter().map(|id| {
                let tags = answer.remove(id).unwrap_or_default();
                (id.clone(), Some(tags))
            })),
            Detail::Gone if asked.len() > 1 => waiting.extend(asked.chunks(1)),
            Detail::Gone => {}
            Detail::Unread(failure) => {
                found.extend(asked.iter().map(|id| (id.clone(), None)));
                sink.missing_detail(failure);
            }
        }
    }
    Ok(found)
}

/// The actions of what is missing.
fn missing(parts: [(bool, &'static str); 2]) -> Vec<&'static str> {
    parts
        .into_iter()
        .filter_map(|(is_missing, action)| is_missing.then_some(action))
        .collect()
}
