//! After the first sweep: the schedules fire as they would, until the reader has seen enough.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::client::Client;
use crate::error::StackError;

const TICK: Duration = Duration::from_secs(5 * 60);
const TICKS_PER_HOUR: u32 = 12;

/// Fires the ticks every five minutes and discovery every hour; ends with Ctrl-C.
pub(crate) async fn keep_going(client: &Client) -> Result<(), StackError> {
    println!(
        "\nThe schedules keep firing: checks every five minutes, discovery every hour. Press Ctrl-C to stop them."
    );
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut count = 0_u32;
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(()),
            _ = ticks.tick() => {
                count += 1;
                client.fire("access-check-tick", None, None).await?;
                client.fire("dispatch-tick", None, None).await?;
                if count.is_multiple_of(TICKS_PER_HOUR) {
                    client.fire("hourly-discovery", None, None).await?;
                }
                println!("  ticks fired");
            }
        }
    }
}
