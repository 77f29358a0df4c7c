//! Which answer is to which question, and which of them is whole. Pure.
//!
//! Invariants: an answer belongs to a question by its id, in whatever order and on whichever page it comes; only one
//! that CloudWatch calls complete counts as one. What cannot be read, or is about something that was not asked, is
//! never stored and never passed over in silence.

use aws_sdk_cloudwatch::types::{MessageData, MetricDataResult, StatusCode};
use chrono::{DateTime, Utc};
use polo_aws::AwsFailure;
use polo_core::ErrorClass;

use crate::fetch::ACTION;
use crate::questions::Question;
use crate::window::{HOURS_AT_MOST, Window};

/// The value of one hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    /// When the hour begins.
    pub(crate) at: DateTime<Utc>,
    pub(crate) value: f64,
}

/// What came of one question so far.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    state: State,
    /// How many points.
    pub(crate) points: u32,
    /// The last hour with a value above zero.
    pub(crate) used_at: Option<DateTime<Utc>>,
    said: String,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Missing,
    Status(StatusCode),
    Unreadable(&'static str),
}

/// The answers to the questions of one request, page by page.
pub(crate) struct Answers<'a> {
    questions: &'a [Question],
    window: Window,
    answers: Vec<Answer>,
    strangers: u64,
}

fn place_of(id: &str) -> Option<usize> {
    id.strip_prefix('q')?.parse().ok()
}

impl<'a> Answers<'a> {
    /// None yet.
    pub(crate) fn to(questions: &'a [Question], window: Window) -> Self {
        Self {
            questions,
            window,
            answers: questions.iter().map(|_| Answer::default()).collect(),
            strangers: 0,
        }
    }

    /// Takes one result of a page; gives the question that it answers and its points.
    pub(crate) fn take(&mut self, result: &MetricDataResult) -> Option<(&'a Question, Vec<Point>)> {
        let place = result.id().and_then(place_of);
        let asked = place.and_then(|at| Some((self.questions.get(at)?, self.answers.get_mut(at)?)));
        let Some((question, answer)) = asked else {
            self.strangers += 1;
            return None;
        };
        if !result.messages().is_empty() {
            answer.said = words(result.messages());
        }
        let points = match points(result, self.window) {
            Ok(points) => points,
            Err(problem) => {
                answer.state = State::Unreadable(problem);
                return None;
            }
        };
        answer.points = answer
            .points
            .saturating_add(u32::try_from(points.len()).unwrap_or(u32::MAX));
        let used = points.iter().filter(|point| point.value > 0.0);
        answer.used_at = answer.used_at.max(used.map(|point| point.at).max());
        // More may follow, and what went wrong at first may go well on the next page. A refusal stays one.
        let open = matches!(
            &answer.state,
            State::Missing
                | State::Status(
                    StatusCode::PartialData | StatusCode::InternalError | StatusCode::Complete
                )
        );
        if let Some(status) = result.status_code().filter(|_| open) {
            answer.state = State::Status(status.clone());
        }
        Some((question, points))
    }

    /// The questions that were answered in full.
    pub(crate) fn whole(&self) -> impl Iterator<Item = (&'a Question, &Answer)> {
        self.questions
            .iter()
            .zip(&self.answers)
            .filter(|(_, answer)| answer.state == State::Status(StatusCode::Complete))
    }

    /// After the last page: what was not answered in full, and why.
    pub(crate) fn missing_details(&self) -> Vec<AwsFailure> {
        let mut failures: Vec<AwsFailure> = self
            .questions
            .iter()
            .zip(&self.answers)
            .filter_map(|(question, answer)| missing_detail(question, answer))
            .collect();
        if self.strangers > 0 {
            let message = format!(
                "{} results of an answer name no question that was asked",
                self.strangers
            );
            failures.push(AwsFailure::new(
                ErrorClass::Bug,
                ACTION,
                "UnknownResult",
                message,
            ));
        }
        failures
    }
}

/// What CloudWatch says of a request as a whole: some of it was not done.
pub(crate) fn message(said: &MessageData) -> AwsFailure {
    let code = said.code().unwrap_or("Message");
    AwsFailure::new(
        class_of(code),
        ACTION,
        code,
        said.value().unwrap_or_default(),
    )
}

fn missing_detail(question: &Question, answer: &Answer) -> Option<AwsFailure> {
    let (code, problem) = match &answer.state {
        State::Status(StatusCode::Complete) => return None,
        State::Status(StatusCode::PartialData) => (
            "PartialData",
            "points are missing and no further page holds them",
        ),
        State::Status(status) => (status.as_str(), "CloudWatch gave no whole answer"),
        State::Missing => ("NoResult", "no result of the answer says how it went"),
        State::Unreadable(problem) => ("Unreadable", *problem),
    };
    let Question {
        resource_type,
        resource_id,
        metric,
        ..
    } = question;
    let said = match answer.said.as_str() {
        "" => String::new(),
        said => format!(": {said}"),
    };
    let message = format!(
        "{} {} ({}) of {resource_type} {resource_id}: {problem}{said}",
        metric.namespace, metric.name, metric.statistic
    );
    Some(AwsFailure::new(class_of(code), ACTION, code, message))
}

/// What the codes inside an answer amount to; they are not those of failed calls.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataResult.html>
fn class_of(code: &str) -> ErrorClass {
    match code {
        "Forbidden" => ErrorClass::Denied,
        "InternalError" | "PartialData" => ErrorClass::Service,
        _ => ErrorClass::Bug,
    }
}

fn words(messages: &[MessageData]) -> String {
    let said: Vec<String> = messages
        .iter()
        .map(|said| {
            let value = said.value().unwrap_or_default();
            said.code()
                .map_or_else(|| value.to_owned(), |code| format!("{code}: {value}"))
        })
        .collect();
    said.join("; ")
}

/// The points of a result, if all of them make sense as an answer to what was asked.
fn points(result: &MetricDataResult, window: Window) -> Result<Vec<Point>, &'static str> {
    let (times, values) = (result.timestamps(), result.values());
    if times.len() != values.len() {
        return Err("it has not as many values as timestamps");
    }
    if times.len() > HOURS_AT_MOST {
        return Err("it has more points than hours were asked for");
    }
    times
        .iter()
        .zip(values)
        .map(|(time, value)| {
            let at = DateTime::from_timestamp(time.secs(), 0)
                .filter(|at| window.holds(*at))
                .ok_or("it has a point outside the hours that were asked for")?;
            if value.is_finite() {
                Ok(Point { at, value: *value })
            } else {
                Err("it has a value that is no number")
            }
        })
        .collect()
}
