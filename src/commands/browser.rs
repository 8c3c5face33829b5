//! Opens an address in the user's browser.

use std::process::{Command, Stdio};

/// With `$BROWSER`, else `xdg-open`. Returns at once; what becomes of the browser is not ours.
pub(super) fn open(url: &str) -> Result<(), String> {
    let wish = std::env::var("BROWSER").unwrap_or_default();
    let mut words = command(&wish, url).into_iter();
    let program = words.next().unwrap_or_default();
    let mut command = Command::new(&program);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map(|_| ()).map_err(|error| format!("{program}: {error}"))
}

/// `$BROWSER` is a list of commands parted by colons; `%s` in one stands for the address. The first is taken.
fn command(wish: &str, url: &str) -> Vec<String> {
    let first = wish.split(':').map(str::trim).find(|first| !first.is_empty()).unwrap_or("xdg-open");
    let mut words: Vec<String> = first.split_whitespace().map(|word| word.replace("%s", url)).collect();
    if !first.contains("%s") {
        words.push(url.to_owned());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_own_browser_is_taken() {
        for (wish, expected) in [
            ("", "xdg-open U"),
            ("firefox", "firefox U"),
            ("w3m -B:lynx", "w3m -B U"),
            (":chromium --app=%s", "chromium --app=U"),
        ] {
            assert_eq!(command(wish, "U").join(" "), expected);
        }
    }
}
