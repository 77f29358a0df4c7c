//! The status page over the local stack: as a function URL, and as `polo page` serves it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use polo_testkit::clickhouse::binary;
use reqwest::{Client, Method};
use serde_json::Value;

use crate::kit::one_working_account;

/// `polo page` while it runs; it ends with the test.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

async fn get(http: &Client, url: &str) -> (u16, String) {
    let response = http.get(url).send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.text().await.expect("text"))
}

/// Both addresses show the account that works, to people and to programs, and neither does more than read.
#[tokio::test(flavor = "multi_thread")]
async fn page_is_served_by_its_address_and_by_polo_page() {
    let (stack, loaded) = one_working_account().await;
    let alpha = loaded.account("alpha");
    stack.fire("daily-sweep").await;

    let mut served = Command::new(binary("polo"))
        .arg("page")
        .envs(&stack.env)
        .stdout(Stdio::piped())
        .spawn()
        .map(Served)
        .expect("polo runs: `make build-dev` builds it");
    let mut line = String::new();
    BufReader::new(served.0.stdout.take().expect("a pipe"))
        .read_line(&mut line)
        .expect("it says where it listens");
    let signed = line
        .split_whitespace()
        .find(|word| word.starts_with("http://127.0.0.1:"))
        .unwrap_or_else(|| panic!("no address in {line:?}"));

    let http = Client::new();
    for url in [stack.env["POLO_STATUS_PAGE_URL"].as_str(), signed] {
        let (status, page) = get(&http, url).await;
        assert_eq!(status, 200, "{page}");
        assert!(page.contains(alpha) && page.contains("alpha"), "{page}");
        let (status, account) = get(&http, &format!("{url}accounts/{alpha}")).await;
        assert_eq!(status, 200, "{account}");
        assert!(account.contains("the read role works"), "{account}");
        assert!(account.contains("config_ec2"), "{account}");

        // What is searched for by a part of its name, and what nearly is an address, is found.
        let (status, found) = get(&http, &format!("{url}?q=ALPH&status=active")).await;
        assert_eq!(status, 200, "{found}");
        assert!(found.contains(alpha), "{found}");
        let (status, none) = get(&http, &format!("{url}?q=alpha&status=excluded")).await;
        assert_eq!(status, 200, "{none}");
        assert!(none.contains("No account matches"), "{none}");
        let (status, same) = get(&http, &format!("{url}accounts/{alpha}/")).await;
        assert_eq!(status, 200, "{same}");
        assert!(same.contains("config_ec2"), "{same}");
        let head = http.head(url).send().await.expect("an answer");
        assert_eq!(head.status().as_u16(), 200);
        assert_eq!(head.text().await.expect("text"), "");

        let (status, coverage) = get(&http, &format!("{url}api/coverage")).await;
        let coverage: Value = serde_json::from_str(&coverage).expect("JSON");
        assert_eq!((status, &coverage["counts"]["active"]), (200, &1.into()));
        let (status, list) = get(&http, &format!("{url}api/accounts?status=active")).await;
        let list: Value = serde_json::from_str(&list).expect("JSON");
        assert_eq!(
            (status, list["accounts"][0]["account_id"].as_str()),
            (200, Some(alpha))
        );

        let (status, page) = get(&http, &format!("{url}accounts/999999999999")).await;
        assert_eq!(status, 404, "{page}");
        assert!(page.contains("is not in the registry"), "{page}");
        let posted = http.request(Method::POST, url).send().await;
        assert_eq!(posted.expect("an answer").status().as_u16(), 405);
    }
}
