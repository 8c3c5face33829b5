//! The word that was probably meant.

/// The known word nearest to the written one, if it is near enough to be meant.
pub(super) fn nearest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let written = written.to_lowercase().replace('-', "_");
    let allowed = 2.max(written.chars().count() / 4);
    let distances = known.iter().map(|word| (distance(&written, word), *word));
    let near = distances.filter(|(distance, word)| *distance <= allowed && *distance < word.len().max(2));
    near.min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

/// How many letters must be put in, left out or replaced (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    // A key of a megabyte need not be compared to its end.
    for (index, letter) in left.chars().take(80).enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let known = ["accounts", "mode", "tiers", "bearer_token", "bearer_token_file", "every"];
        for (written, meant) in [
            ("acounts", Some("accounts")),
            ("Mode", Some("mode")),
            ("bearer-token", Some("bearer_token")),
            ("bearer_token_fil", Some("bearer_token_file")),
            ("evry", Some("every")),
            ("kubernetes", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, &known), meant, "{written}");
        }
    }
}
