//! What a look asks of CloudWatch: series, collected by the hours that each needs. Pure.
//!
//! Invariant: a series is asked about once, and never for hours that were answered before but for the few that may
//! have been corrected since. At most one batch waits for each span of hours.

use std::collections::BTreeMap;

use polo_core::Timestamp;
use polo_store::known_resources::KnownResource;

use crate::known::Known;
use crate::metrics::Metric;
use crate::window::{HOURS_AT_MOST, Window};

/// The most that one request takes.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>
pub(crate) const QUERIES_AT_MOST: usize = 500;
/// The most points that one answer holds before it goes on in another page.
const POINTS_AT_MOST: usize = 100_800;

// A request that asks for the most series over the most hours is answered in one page, unless AWS wants otherwise.
const _: () = assert!(QUERIES_AT_MOST * HOURS_AT_MOST <= POINTS_AT_MOST);

/// One metric of one resource that is asked about.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) resource_type: String,
    pub(crate) resource_id: String,
    pub(crate) metric: &'static Metric,
    /// What is known of it already.
    pub(crate) known: Option<Known>,
}

/// The id of the question at this place; a letter has to come first.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html>
pub(crate) fn id_of(place: usize) -> String {
    format!("q{place}")
}

/// The questions that wait until there are enough of them for a request.
pub(crate) struct Questions {
    regular: Window,
    whole: Window,
    waiting: BTreeMap<Window, Vec<Question>>,
}

impl Questions {
    /// None yet, of a look that began at `began`, after one that was complete at `last_look`.
    pub(crate) fn new(last_look: Option<Timestamp>, began: Timestamp) -> Self {
        Self {
            regular: Window::since(last_look, began),
            whole: Window::whole(began),
            waiting: BTreeMap::new(),
        }
    }

    /// Takes a metric of a resource; gives a whole batch whenever there is one.
    pub(crate) fn add(
        &mut self,
        resource: &KnownResource,
        metric: &'static Metric,
        known: Option<&Known>,
    ) -> Option<(Window, Vec<Question>)> {
        let window = self.window(known)?;
        let waiting = self.waiting.entry(window).or_default();
        waiting.push(Question {
            resource_type: resource.resource_type.clone(),
            resource_id: resource.resource_id.clone(),
            metric,
            known: known.cloned(),
        });
        (waiting.len() == QUERIES_AT_MOST).then(|| (window, std::mem::take(waiting)))
    }

    /// What still waits.
    pub(crate) fn rest(self) -> impl Iterator<Item = (Window, Vec<Question>)> {
        self.waiting
            .into_iter()
            .filter(|(_, questions)| !questions.is_empty())
    }

    /// The hours to ask for. None where the last of them has been answered, by an earlier attempt of this run or
    /// another run of this hour: asked again, it would be billed again.
    fn window(&self, known: Option<&Known>) -> Option<Window> {
        match known {
            Some(known) if known.to >= self.whole.to => None,
            Some(known) if known.to >= self.regular.from => Some(self.regular),
            // New to us, or not asked about for long: what CloudWatch remembers of it costs nothing more.
            Some(_) | None => Some(self.whole),
        }
    }
}
