//! `polo page`: see `crate::page`.

use crate::cli::page::Page;
use crate::error::CliError;
use crate::output::{self, Text};
use crate::page::{Forward, Lookup, Token, listen, serve};

pub(crate) async fn run(arguments: &Page) -> Result<(), CliError> {
    let lookup = Lookup::new().await?;
    let url = match &arguments.url {
        Some(url) => url.clone(),
        None => lookup.url().await?,
    };
    let forward = Forward::new(url, &lookup.aws, lookup.region).await?;
    let listener = listen(arguments.port.unwrap_or(0)).await?;
    let address = listener
        .local_addr()
        .map_err(|error| CliError::Failed(format!("the listener has no address: {error}")))?;
    let token = Token::new();
    let mut text = Text::from(format!(
        "The status page is at {} (from {}).",
        token.address(address),
        forward.url()
    ));
    text.line(
        "Anyone with this address sees the page with your permissions. Press Ctrl-C to stop.",
    );
    output::print(text)?;
    serve(listener, token, forward).await
}
