//! `CloudWatch` Logs: the lines of a container.

use aws_config::SdkConfig;
use jiff::Timestamp;

use super::aws::{AwsError, call};
use crate::domain::names::Region;
use crate::domain::neutral;

/// `CloudWatch` Logs of one region.
#[derive(Debug, Clone)]
pub struct CloudWatchLogs {
    client: aws_sdk_cloudwatchlogs::Client,
}

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// There is no such group.
    #[error("log group `{group}` does not exist")]
    NoGroup {
        /// Its name.
        group: String,
        /// What AWS says.
        #[source]
        error: AwsError,
    },
    /// The call failed.
    #[error(transparent)]
    Call(#[from] AwsError),
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The event's id, the same at every reading.
    pub id: String,
    /// When the container wrote it.
    pub time: Option<Timestamp>,
    /// When `CloudWatch` Logs took it.
    pub ingested: Option<Timestamp>,
    /// The stream it is in.
    pub stream: String,
    /// What the container wrote, neutral.
    pub text: String,
}

/// Puts lines in order: by their time, and those of one millisecond by their stream, so that what one container wrote stays
/// together, and then as they were taken and answered
/// ([order](https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html)).
pub fn sort<T>(lines: &mut [T], of: impl Fn(&T) -> &LogLine) {
    let order = |line: &LogLine| (line.time, line.stream.clone(), line.ingested);
    lines.sort_by_cached_key(|line| order(of(line)));
}

/// A place in a stream to go on from.
#[derive(Debug, Clone, Default)]
pub struct Cursor(Option<String>);

impl CloudWatchLogs {
    /// A client.
    pub fn new(config: &SdkConfig) -> Self {
        Self { client: aws_sdk_cloudwatchlogs::Client::new(config) }
    }

    /// A client for another region, with the same credentials.
    pub fn in_region(config: &SdkConfig, region: &Region) -> Self {
        let region = aws_types::region::Region::new(region.to_string());
        Self::new(&config.to_builder().region(region).build())
    }

    /// The last lines of a stream of a group, oldest first: at most this many, of as many events. A stream that does not
    /// exist yet is empty.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn last(&self, group: &str, stream: &str, count: u16) -> Result<Vec<String>, AwsError> {
        // A page may be empty though there is more before it
        // (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html).
        const PAGES: usize = 4;
        let mut token: Option<String> = None;
        for _ in 0..PAGES {
            let request = self
                .client
                .get_log_events()
                .log_group_name(group)
                .log_stream_name(stream)
                .start_from_head(false)
                .limit(i32::from(count))
                .set_next_token(token.clone());
            let output = match call("logs:GetLogEvents", stream, request.send()).await {
                Ok(output) => output,
                Err(error) if error.is("ResourceNotFoundException") => return Ok(Vec::new()),
                Err(error) => return Err(error),
            };
            let texts = output.events().iter().filter_map(|event| event.message());
            let mut lines: Vec<String> = texts.flat_map(neutral::lines).collect();
            lines.drain(..lines.len().saturating_sub(usize::from(count)));
            let before = output.next_backward_token().map(str::to_owned);
            if !lines.is_empty() || before.is_none() || before == token {
                return Ok(lines);
            }
            token = before;
        }
        Ok(Vec::new())
    }

    /// What is in a stream of a group since the cursor. A stream that does not exist yet is empty.
    ///
    /// # Errors
    ///
    /// The call failed.
    pub async fn read(&self, group: &str, stream: &str, cursor: &mut Cursor) -> Result<Vec<String>, AwsError> {
        let request = self
            .client
            .get_log_events()
            .log_group_name(group)
            .log_stream_name(stream)
            .start_from_head(true)
            .set_next_token(cursor.0.clone());
        match call("logs:GetLogEvents", stream, request.send()).await {
            Ok(output) => {
                cursor.0 = output.next_forward_token().map(str::to_owned);
                let texts = output.events().iter().filter_map(|event| event.message());
                Ok(texts.flat_map(neutral::lines).collect())
            }
            Err(error) if error.is("ResourceNotFoundException") => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// All lines since a time in the streams of a group whose names begin so, oldest first. Those of one millisecond stay in
    /// the order in which AWS took them in
    /// ([FilterLogEvents](https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html)).
    ///
    /// # Errors
    ///
    /// A call failed, or the log group does not exist.
    pub async fn since(&self, group: &str, streams: &str, since: Timestamp) -> Result<Vec<LogLine>, LogsError> {
        let mut pages = self
            .client
            .filter_log_events()
            .log_group_name(group)
            .log_stream_name_prefix(streams)
            .start_time(since.as_millisecond())
            .into_paginator()
            .send();
        let mut lines = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match page.map_err(|error| AwsError::new("logs:FilterLogEvents", error)) {
                Ok(page) => page,
                Err(error) if error.is("ResourceNotFoundException") => {
                    return Err(LogsError::NoGroup { group: group.to_owned(), error });
                }
                Err(error) => return Err(error.into()),
            };
            lines.extend(page.events().iter().map(|event| LogLine {
                id: event.event_id().unwrap_or_default().to_owned(),
                time: event.timestamp().and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok()),
                ingested: event.ingestion_time().and_then(|time| Timestamp::from_millisecond(time).ok()),
                stream: neutral::phrase(event.log_stream_name().unwrap_or_default(), 256),
                text: neutral::phrase(event.message().unwrap_or_default(), 16_384),
            }));
        }
        sort(&mut lines, |line| line);
        Ok(lines)
    }
}
