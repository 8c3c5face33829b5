//! A running program, its output line by line.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Instant;

use super::PATIENCE;

/// The program under test, killed when dropped.
pub(crate) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Arc<(Mutex<Vec<String>>, Condvar)>,
}

impl Process {
    /// Starts the program with these arguments and no environment but these variables.
    pub(crate) fn start(arguments: &[String], environment: &[(String, String)]) -> Self {
        Self::start_in(Path::new("."), arguments, environment)
    }

    /// The same, in this folder.
    pub(crate) fn start_in(folder: &Path, arguments: &[String], environment: &[(String, String)]) -> Self {
        Self::spawn(folder, arguments, environment, Stdio::null())
    }

    /// Starts it with somebody at its standard input: see [`Self::say`].
    pub(crate) fn start_attended(arguments: &[String], environment: &[(String, String)]) -> Self {
        Self::spawn(Path::new("."), arguments, environment, Stdio::piped())
    }

    /// Starts it by a shell that does something before, such as `ulimit -n 64`.
    pub(crate) fn start_under(before: &str, stdin: Stdio, arguments: &[String], environment: &[(String, String)]) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("{before}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_tweet_exporter")]);
        Self::spawn_by(shell, Path::new("."), arguments, environment, stdin)
    }

    /// Its number among the processes of this machine.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn spawn(folder: &Path, arguments: &[String], environment: &[(String, String)], stdin: Stdio) -> Self {
        Self::spawn_by(Command::new(env!("CARGO_BIN_EXE_tweet_exporter")), folder, arguments, environment, stdin)
    }

    fn spawn_by(
        mut command: Command,
        folder: &Path,
        arguments: &[String],
        environment: &[(String, String)],
        stdin: Stdio,
    ) -> Self {
        let mut child = command
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .envs(environment.iter().cloned())
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let lines: Arc<(Mutex<Vec<String>>, Condvar)> = Arc::default();
        collect(child.stdout.take().expect("piped"), lines.clone());
        collect(child.stderr.take().expect("piped"), lines.clone());
        Self { stdin: child.stdin.take(), child, lines }
    }

    /// Waits for the first line that fits, those already written included.
    pub(crate) fn line(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        let (lines, more) = &*self.lines;
        let mut lines = lines.lock().expect("no reader panics");
        loop {
            if let Some(line) = lines.iter().find(|line| fits(line)) {
                return line.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no line with {what}:\n{}", lines.join("\n"));
            lines = more.wait_timeout(lines, left).expect("no reader panics").0;
        }
    }

    /// Everything written so far.
    pub(crate) fn output(&self) -> String {
        self.lines.0.lock().expect("no reader panics").join("\n")
    }

    /// Types a line.
    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().expect("attended"), "{line}").expect("it reads");
    }

    /// Ends its standard input.
    pub(crate) fn fall_silent(&mut self) {
        self.stdin = None;
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().expect("kill is there");
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end:\n{}", self.output());
            thread::park_timeout(std::time::Duration::from_millis(10));
        }
    }

    /// Runs it to its end: exit code and output.
    pub(crate) fn run(arguments: &[impl ToString], environment: &[(String, String)]) -> (i32, String) {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let mut process = Self::start(&arguments, environment);
        let code = process.end().code().expect("not killed");
        // The readers end when the pipes do.
        while Arc::strong_count(&process.lines) > 1 {
            thread::yield_now();
        }
        (code, process.output())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(pipe: impl Read + Send + 'static, lines: Arc<(Mutex<Vec<String>>, Condvar)>) {
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            lines.0.lock().expect("no reader panics").push(line);
            lines.1.notify_all();
        }
    });
}
