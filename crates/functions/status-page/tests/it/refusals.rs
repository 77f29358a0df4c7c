//! Wrong addresses, methods and headers: each gets a status and one sentence with the value and the way on, without the
//! database.

use lambda_http::http::HeaderValue;
use status_page::respond;

use crate::world::{request, told, without_database};

/// Method, address, status, what the answer says, and where it leads.
const WRONG: [(&str, &str, u16, &str, &str); 66] = [
    // Paths that are none.
    (
        "GET",
        "/nothing",
        404,
        "There is no page \"/nothing\": accounts are at",
        "./?q=nothing",
    ),
    (
        "GET",
        "/admin/users",
        404,
        "There is no page \"/admin/users\"",
        "../?q=users",
    ),
    (
        "GET",
        "/robots.txt",
        404,
        "\"/robots.txt\"",
        "./?q=robots.txt",
    ),
    (
        "GET",
        "/ACCOUNTS/123456789012",
        404,
        "did you mean /accounts/123456789012?",
        "../accounts/123456789012",
    ),
    (
        "GET",
        "/account/123456789012",
        404,
        "did you mean /accounts/123456789012?",
        "../accounts/123456789012",
    ),
    (
        "GET",
        "/123456789012",
        404,
        "did you mean /accounts/123456789012?",
        "accounts/123456789012",
    ),
    (
        "GET",
        "/accounts/123456789012/runs",
        404,
        "did you mean /accounts/123456789012?",
        "../../accounts/123456789012",
    ),
    (
        "GET",
        "/accounts/123456789012.html",
        400,
        "is not an account id: it has to be 12 digits",
        "../accounts/123456789012",
    ),
    (
        "GET",
        "/ou/ou-ab12-prod",
        404,
        "did you mean /ous/ou-ab12-prod?",
        "../ous/ou-ab12-prod",
    ),
    (
        "GET",
        "/ou-ab12-prod",
        404,
        "did you mean /ous/ou-ab12-prod?",
        "ous/ou-ab12-prod",
    ),
    (
        "GET",
        "/ous/OU-AB12-PROD",
        404,
        "did you mean /ous/ou-ab12-prod?",
        "../ous/ou-ab12-prod",
    ),
    (
        "GET",
        "/ous/Production",
        404,
        "OUs at /ous/ou-ab12-cdefgh34",
        "../?q=Production",
    ),
    (
        "GET",
        "/ous/../../etc/passwd",
        404,
        "There is no page",
        "../../../../?q=passwd",
    ),
    (
        "GET",
        "/ous/ou%27%20OR%201=1",
        404,
        "There is no page",
        "../?q=",
    ),
    ("GET", "/%2e%2e/x", 404, "There is no page", "../?q=x"),
    ("GET", "/a%00b", 404, "\\u{0}", "./"),
    ("GET", "/%ff%fe", 404, "There is no page", "./"),
    ("GET", "/too-long", 400, "longer than 8000 bytes", "./"),
    // Paths that are nearly one lead there.
    ("GET", "/accounts", 308, "This page is at \"/\"", "./"),
    ("GET", "/accounts/", 308, "\"/\"", "../"),
    ("GET", "/ous/", 308, "\"/\"", "../"),
    ("GET", "/index.html", 308, "\"/\"", "./"),
    ("GET", "//", 308, "\"/\"", "../"),
    (
        "GET",
        "/accounts?status=active",
        308,
        "\"/\"",
        "./?status=active",
    ),
    (
        "GET",
        "/accounts/123456789012/",
        308,
        "\"/accounts/123456789012\"",
        "../../accounts/123456789012",
    ),
    (
        "HEAD",
        "//accounts/123456789012",
        308,
        "",
        "../../accounts/123456789012",
    ),
    (
        "GET",
        "/ous/ou-ab12-prod/",
        308,
        "\"/ous/ou-ab12-prod\"",
        "../../ous/ou-ab12-prod",
    ),
    // Account ids that are none.
    (
        "GET",
        "/accounts/12",
        400,
        "\"12\" is not an account id: it has to be 12 digits",
        "../?q=12",
    ),
    (
        "GET",
        "/accounts/1234567890123",
        400,
        "\"1234567890123\"",
        "../?q=1234567890123",
    ),
    (
        "GET",
        "/accounts/1234-5678-9012",
        400,
        "\"1234-5678-9012\"",
        "../accounts/123456789012",
    ),
    (
        "GET",
        "/accounts/%20123456789012",
        400,
        "\" 123456789012\"",
        "../accounts/123456789012",
    ),
    (
        "GET",
        "/accounts/shop-staging",
        400,
        "\"shop-staging\"",
        "../?q=shop-staging",
    ),
    (
        "GET",
        "/accounts/%3Cscript%3E",
        400,
        "&lt;script&gt;",
        "../?q=%3Cscript%3E",
    ),
    (
        "GET",
        "/accounts/%EF%BC%91%EF%BC%92",
        400,
        "is not an account id",
        "../?q=",
    ),
    // Parameters.
    (
        "GET",
        "/?x=1",
        400,
        "Unknown parameter \"x\": this address takes status, coverage, q and after.",
        "./",
    ),
    (
        "GET",
        "/?utm_source=mail",
        400,
        "Unknown parameter \"utm_source\"",
        "./",
    ),
    (
        "GET",
        "/?STATUS=active",
        400,
        "Unknown parameter \"STATUS\"",
        "./",
    ),
    ("GET", "/?=1", 400, "Unknown parameter \"\"", "./"),
    ("GET", "/?%3Cb%3E", 400, "&lt;b&gt;", "./"),
    (
        "GET",
        "/?status=aktiv",
        400,
        "Status is \"aktiv\": it has to be no_access, pending_setup, active or excluded.",
        "./?status=no_access",
    ),
    (
        "GET",
        "/?status=",
        400,
        "Status is \"\"",
        "./?status=active",
    ),
    (
        "GET",
        "/?status=Active",
        400,
        "Status is \"Active\"",
        "./?status=active",
    ),
    (
        "GET",
        "/?status=active,excluded",
        400,
        "Status is \"active,excluded\"",
        "./?status=active",
    ),
    (
        "GET",
        "/?status=active&status=excluded",
        400,
        "The parameter status is given twice: give it once.",
        "./",
    ),
    (
        "GET",
        "/?q=a&q=b",
        400,
        "The parameter q is given twice",
        "./",
    ),
    (
        "GET",
        "/?coverage=bad",
        400,
        "Coverage is \"bad\": it has to be not_visible or with_gaps.",
        "./?coverage=with_gaps",
    ),
    (
        "GET",
        "/?after=12",
        400,
        "After is \"12\": it has to be the 12 digits",
        "./",
    ),
    (
        "GET",
        "/?q=%ff",
        400,
        "The parameter q is not valid UTF-8",
        "./",
    ),
    (
        "GET",
        "/accounts/123456789012?status=active",
        400,
        "Unknown parameter \"status\": this address takes none.",
        "../",
    ),
    (
        "GET",
        "/ous/ou-ab12-prod?q=shop",
        400,
        "this address takes after.",
        "../",
    ),
    (
        "GET",
        "/?too-long",
        400,
        "The query of this address is longer than 8000 bytes",
        "./",
    ),
    // The same for programs.
    (
        "GET",
        "/api",
        404,
        "there are /api/accounts, /api/accounts/123456789012 and /api/coverage",
        "",
    ),
    (
        "GET",
        "/api/nothing",
        404,
        "there is no page \\\"/api/nothing\\\"",
        "",
    ),
    (
        "GET",
        "/api/account/123456789012",
        404,
        "did you mean /api/accounts/123456789012?",
        "",
    ),
    (
        "GET",
        "//api/coverage",
        308,
        "this page is at \\\"/api/coverage\\\"",
        "../../api/coverage",
    ),
    (
        "GET",
        "/api/accounts/?status=active",
        308,
        "\\\"/api/accounts\\\"",
        "../../api/accounts?status=active",
    ),
    (
        "GET",
        "/api/accounts/shop",
        400,
        "\\\"shop\\\" is not an account id",
        "",
    ),
    (
        "GET",
        "/api/accounts?limit=5",
        400,
        "this address takes status, q and after",
        "",
    ),
    (
        "GET",
        "/api/accounts?status=aktiv",
        400,
        "it has to be no_access, pending_setup, active or excluded",
        "",
    ),
    (
        "GET",
        "/api/coverage?status=active",
        400,
        "unknown parameter \\\"status\\\": this address takes after",
        "",
    ),
    (
        "GET",
        "/api/coverage?after=",
        400,
        "it has to be the 12 digits",
        "",
    ),
    // Methods.
    (
        "POST",
        "/",
        405,
        "The status page answers GET and HEAD, not \"POST\".",
        "./",
    ),
    ("PUT", "/accounts/123456789012", 405, "not \"PUT\"", "../"),
    ("DELETE", "/api/accounts", 405, "not \\\"DELETE\\\"", ""),
    ("OPTIONS", "/", 405, "not \"OPTIONS\"", "./"),
    ("get", "/", 405, "not \"get\"", "./"),
];

#[tokio::test]
async fn wrong_addresses_get_a_sentence_and_a_way_on() {
    let page = without_database();
    let mut flawed = Vec::new();
    for (method, target, status, says, leads_to) in WRONG {
        let response = respond(&page, &request(method, target)).await;
        let found = response.status().as_u16();
        let text = match response.body() {
            lambda_http::Body::Text(text) => text.replace("&quot;", "\""),
            _ => String::new(),
        };
        let body = text
            .split_once("<main")
            .map_or(text.as_str(), |(_, main)| main);
        let location = response.headers().get("location");
        let location = location.map_or("", |value| value.to_str().unwrap());
        let leads = match status {
            308 => location == leads_to,
            _ if text.starts_with('{') => location.is_empty(),
            _ => location.is_empty() && body.contains(&format!("href=\"{leads_to}")),
        };
        let name = match status {
            308 => "Moved",
            400 => "BadRequest",
            404 => "NotFound",
            _ => "MethodNotAllowed",
        };
        let is_form = match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(json) => json["errorType"] == name && json["error"].as_str().unwrap().len() <= 500,
            Err(_) => method == "HEAD" || body.contains(">All accounts</a>"),
        };
        let is_safe = !text.contains("<script") && !text.contains('\u{0}');
        let allows = response.headers().contains_key("allow") == (status == 405);
        if found != status || !body.contains(says) || !leads || !is_form || !is_safe || !allows {
            flawed.push(format!("{method} {target}: {found} {location} {body}"));
        }
    }
    assert!(flawed.is_empty(), "{}", flawed.join("\n"));
}

#[tokio::test]
async fn long_values_are_cut() {
    let page = without_database();
    let long = "x".repeat(7_000);
    for target in [
        format!("/{long}"),
        format!("/accounts/{long}"),
        format!("/api/accounts/{long}"),
        format!("/?{long}"),
        format!("/?status={long}"),
        format!("/?after={long}"),
        format!("/?q={long}"),
    ] {
        let response = respond(&page, &request("GET", &target)).await;
        let (status, text) = told(&response);
        assert!([400, 404].contains(&status), "{text}");
        assert!(!text.contains(&"x".repeat(200)), "{text}");
    }
}

/// HEAD is GET without a body; other headers change nothing.
#[tokio::test]
async fn head_has_no_body_and_headers_change_nothing() {
    let page = without_database();
    for (target, status) in [("/", 503), ("/favicon.ico", 200), ("/nothing", 404)] {
        let get = respond(&page, &request("GET", target)).await;
        let head = respond(&page, &request("HEAD", target)).await;
        assert_eq!(
            (head.status(), head.status().as_u16()),
            (get.status(), status)
        );
        assert_eq!(head.headers(), get.headers());
        assert!(head.body().is_empty() && !get.body().is_empty());
    }
    let plain = respond(&page, &request("GET", "/favicon.ico")).await;
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-prefix", "/evil"),
        ("x-http-method-override", "DELETE"),
        ("accept", "application/json"),
        ("accept-language", "de"),
        ("cookie", "a=b"),
        ("range", "bytes=0-1"),
        ("if-none-match", "*"),
        ("content-length", "5"),
    ] {
        let mut request = request("GET", "/favicon.ico");
        request
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
        let response = respond(&page, &request).await;
        assert_eq!(response.headers(), plain.headers(), "{name}");
        assert_eq!(told(&response), told(&plain), "{name}");
    }
}
