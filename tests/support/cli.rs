//! The program from the outside: a folder, files written into it, commands run there, and how each of them must end.
//!
//! An expectation that fails prints the command, its folder, its status and both of its outputs.

use assert_cmd::cargo::cargo_bin;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// Most characters of one output, and of one argument, that a failure prints.
const SHOWN: (usize, usize) = (10_000, 200);

/// Path of the program.
pub fn program() -> PathBuf {
    cargo_bin("gridfleet")
}

/// Folder of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `gridfleet` in the folder of the repository.
pub fn gridfleet(args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> TestCommand {
    gridfleet_in(root(), args)
}

/// `gridfleet` in a folder.
pub fn gridfleet_in(folder: &Path, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> TestCommand {
    TestCommand::new(program(), folder).args(args)
}

/// `gridfleet solve` with a file `game.json` of this content.
pub fn solve(kind: &str, content: impl AsRef<[u8]>, more: &[&str]) -> Ended {
    let dir = Dir::new();
    dir.write("game.json", content);
    dir.gridfleet(["solve", kind, "game.json"]).args(more).run()
}

/// A temporary folder, which is removed at the end of the test.
pub struct Dir(tempfile::TempDir);

impl Dir {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Path of a file or folder in it.
    pub fn at(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file and the folders above it; returns its path.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Text of a file in it.
    pub fn read(&self, name: impl AsRef<Path>) -> String {
        let path = self.at(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// `gridfleet` in this folder.
    pub fn gridfleet(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> TestCommand {
        gridfleet_in(self.path(), args)
    }
}

/// A command that is not yet run.
pub struct TestCommand(Command);

impl TestCommand {
    /// `program` in `folder`, without the variables by which a shell may set `gridfleet` up.
    pub fn new(program: impl AsRef<OsStr>, folder: &Path) -> Self {
        let mut command = Command::new(program);
        command.current_dir(folder).env_remove("GRIDFLEET_DATA").env_remove("GRIDFLEET_FAULT");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command)
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.0.arg(arg);
        self
    }

    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.0.args(args);
        self
    }

    /// `--set` for each of the settings.
    pub fn set(self, settings: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        settings.into_iter().fold(self, |command, setting| command.arg("--set").arg(setting))
    }

    /// `-o` with this path.
    pub fn output(self, path: impl AsRef<Path>) -> Self {
        self.arg("-o").arg(path.as_ref())
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// Number of threads of the program and of its table library.
    pub fn threads(self, threads: &str) -> Self {
        self.env("RAYON_NUM_THREADS", threads).env("POLARS_MAX_THREADS", threads)
    }

    /// Destination of its stdout, instead of [`Ended::out`].
    pub fn stdout(mut self, stdout: impl Into<Stdio>) -> Self {
        self.0.stdout(stdout);
        self
    }

    /// Starts it and returns at once.
    pub fn start(mut self) -> Started {
        let child = self.0.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.shown()));
        Started { child, ran: self.shown() }
    }

    /// Runs it to its end, whatever that is.
    pub fn run(self) -> Ended {
        self.start().end()
    }

    /// Runs it; see [`Ended::succeeds`].
    #[track_caller]
    pub fn succeeds(self) -> Ended {
        self.run().succeeds()
    }

    /// Runs it; see [`Ended::succeeds_quietly`].
    #[track_caller]
    pub fn succeeds_quietly(self) -> Ended {
        self.run().succeeds_quietly()
    }

    /// Runs it; see [`Ended::fails`].
    #[track_caller]
    pub fn fails(self, status: i32) -> Ended {
        self.run().fails(status)
    }

    /// Runs it; see [`Ended::refused`].
    #[track_caller]
    pub fn refused(self) -> Ended {
        self.run().refused()
    }

    /// The command and its folder, as a failure prints them.
    fn shown(&self) -> String {
        let args = self.0.get_args().map(|arg| cut(&arg.to_string_lossy(), SHOWN.1));
        let args: Vec<String> = args.collect();
        let folder = self.0.get_current_dir().unwrap_or(Path::new("."));
        format!("{} {:?} in {}", self.0.get_program().to_string_lossy(), args, folder.display())
    }
}

/// A command in progress.
pub struct Started {
    pub child: Child,
    ran: String,
}

impl Started {
    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Sends a signal, such as `INT`; false if there is no such process any more.
    #[cfg(unix)]
    pub fn send(&self, signal: &str) -> bool {
        let mut kill = Command::new("kill");
        kill.args(["-s", signal, &self.child.id().to_string()]).stderr(Stdio::null());
        kill.status().unwrap().success()
    }

    /// Waits for its end.
    pub fn end(self) -> Ended {
        let output = self.child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ended { status: output.status, out: text(output.stdout), err: text(output.stderr), ran: self.ran }
    }
}

/// How a command ended.
pub struct Ended {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
    ran: String,
}

impl Ended {
    /// Ends with status 0.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.fails(0)
    }

    /// Ends with status 0, and nothing on stderr.
    #[track_caller]
    pub fn succeeds_quietly(self) -> Self {
        let ended = self.succeeds();
        assert!(ended.err.is_empty(), "nothing is expected on stderr:\n{ended}");
        ended
    }

    /// Ends with this status.
    #[track_caller]
    pub fn fails(self, status: i32) -> Self {
        assert!(self.status.code() == Some(status), "expected exit status {status}:\n{self}");
        self
    }

    /// Ends with status 2, the user's error, and nothing on stdout.
    #[track_caller]
    pub fn refused(self) -> Self {
        let ended = self.fails(2);
        assert!(ended.out.is_empty(), "nothing is expected on stdout:\n{ended}");
        ended
    }

    /// Has this text on stdout.
    #[track_caller]
    pub fn prints(self, text: &str) -> Self {
        assert!(self.out.contains(text), "expected on stdout: {text}\n{self}");
        self
    }

    /// Has this text on stderr.
    #[track_caller]
    pub fn reports(self, text: &str) -> Self {
        assert!(self.err.contains(text), "expected on stderr: {text}\n{self}");
        self
    }

    /// The first JSON value on stdout; a report of an audit may follow it.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        let first = serde_json::Deserializer::from_str(&self.out).into_iter().next();
        first.and_then(Result::ok).unwrap_or_else(|| panic!("expected JSON on stdout:\n{self}"))
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [out, err] = [&self.out, &self.err].map(|text| cut(text, SHOWN.0));
        write!(f, "{}\n{}\n--- stdout\n{out}\n--- stderr\n{err}\n---", self.ran, self.status)
    }
}

/// At most `most` characters of a text, with the number of those that are left out.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => format!("{} ... ({} bytes more)", &text[..at], text.len() - at),
    }
}
