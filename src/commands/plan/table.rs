//! The forecast for people: aligned, no wider than 100 columns where names are not long.

use std::fmt::Write;

use crate::commands::check;
use crate::commands::plan::report::{Account, Price, Report, Requests, Sums};

/// The whole text.
pub(super) fn table(report: &Report) -> String {
    let mut text = String::new();
    let mut line = |line: &str| writeln!(text, "{line}").expect("a String takes everything");
    line(&format!("30 UTC days from {}; \"day\" is the dearest of them, {}", report.from, report.dearest_day));
    for account in &report.accounts {
        line("");
        rows(account).iter().for_each(|row| line(row));
    }
    line("");
    let total = |name: &str, sums: &Sums| {
        let requests = sums.requests.unwrap_or_default();
        let Sums { tweets, reads, paid_reads, held_back, usd: dollars, .. } = *sums;
        let held = if held_back > 0 { format!(", {held_back} held back by budgets") } else { String::new() };
        let tweets = if name == "day" { format!("{tweets} tweets, ") } else { String::new() };
        format!("total {name:<6} {requests} requests, {tweets}{reads} reads, {paid_reads} paid{held}: ${}", usd(dollars))
    };
    line(&total("day", &report.per_day));
    line(&total("month", &report.per_month));
    line("\nassumed:");
    report.assumptions.iter().for_each(|assumption| line(&format!("- {assumption}")));
    if !report.warnings.is_empty() {
        line("\nwarnings:");
        report.warnings.iter().for_each(|warning| line(&format!("- {warning}")));
    }
    text
}

/// Dollars with two to four digits behind the point.
pub(super) fn usd(amount: f64) -> String {
    let text = format!("{amount:.4}");
    let kept = text.trim_end_matches('0').len().max(text.len() - 2);
    text[..kept].to_owned()
}

fn rows(account: &Account) -> Vec<String> {
    let (name, watched, retired) = (&account.account, account.watched_tweets, account.retired_tweets);
    let mut rows =
        vec![format!("account {name}: {}, {retired} of them retired{}", check::counted(watched, "tweet"), budget(account))];
    if !account.requests.is_empty() {
        let head = ["requests", "", "15 min", "at most", "X allows", "day", "month"].map(str::to_owned).to_vec();
        rows.extend(aligned([head].into_iter().chain(account.requests.iter().map(requests)).collect()));
        rows.push(String::new());
    }
    let head = ["paid as", "tier", "tweets/day", "reads/day", "paid/day", "$/day", "reads", "paid", "held back", "$/month"];
    let mut prices = vec![head.map(str::to_owned).to_vec()];
    prices.extend(account.prices.iter().map(price));
    prices.push(amounts("all", "", &account.per_day, &account.per_month));
    rows.extend(aligned(prices));
    rows
}

fn budget(account: &Account) -> String {
    let budget = &account.budget;
    let dollars = [(budget.usd_per_day, "a day"), (budget.usd_per_month, "a month")];
    let mut parts: Vec<String> =
        dollars.into_iter().filter_map(|(limit, period)| limit.map(|limit| format!("${} {period}", usd(limit)))).collect();
    parts.extend(budget.tweets_per_month.map(|tweets| format!("{tweets} paid tweets a month")));
    if parts.is_empty() { String::new() } else { format!("; budget {}", parts.join(", ")) }
}

fn requests(requests: &Requests) -> Vec<String> {
    let limit = requests.limit_15m.map_or("–".to_owned(), |limit| limit.to_string());
    let names = [requests.api.to_owned(), requests.credential.to_owned()];
    let counts = [requests.per_15m, requests.peak_15m].map(|count| count.to_string());
    let sums = [requests.per_day, requests.per_month].map(|count| count.to_string());
    names.into_iter().chain(counts).chain([limit]).chain(sums).collect()
}

fn price(price: &Price) -> Vec<String> {
    let tier = price.tier.as_ref().map_or("once".to_owned(), |tier| format!("under {}", tier.younger_than));
    amounts(price.class.unwrap_or("no price"), &tier, &price.per_day, &price.per_month)
}

fn amounts(class: &str, tier: &str, day: &Sums, month: &Sums) -> Vec<String> {
    let counts = [day.tweets, day.reads, day.paid_reads].map(|count| count.to_string());
    let month_counts = [month.reads, month.paid_reads, month.held_back].map(|count| count.to_string());
    let names = [class.to_owned(), tier.to_owned()];
    names.into_iter().chain(counts).chain([usd(day.usd)]).chain(month_counts).chain([usd(month.usd)]).collect()
}

/// The first two columns to the left, numbers to the right.
fn aligned(rows: Vec<Vec<String>>) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let length = |row: &Vec<String>, column: usize| row.get(column).map_or(0, |cell| cell.chars().count());
    let widths: Vec<usize> = (0..columns).map(|column| rows.iter().map(|row| length(row, column)).max().unwrap_or(0)).collect();
    let cell = |(column, cell): (usize, &String)| match column {
        0 | 1 => format!("{cell:<width$}", width = widths[column]),
        _ => format!("{cell:>width$}", width = widths[column]),
    };
    let row = |row: &Vec<String>| row.iter().enumerate().map(cell).collect::<Vec<String>>().join("  ");
    rows.iter().map(|cells| format!("  {}", row(cells).trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_two_to_four_digits() {
        for (amount, text) in [(0.0, "0.00"), (1.5, "1.50"), (0.005, "0.005"), (0.0015, "0.0015"), (12.34, "12.34")] {
            assert_eq!(usd(amount), text);
        }
    }
}
