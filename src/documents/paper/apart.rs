//! Reads documents in a process of its own: this program again, with little memory, no environment and an end to its time.
//! Whatever a document does to its reader, it costs that one document.

use std::io;
use std::io::Read;
use std::io::Write;
use std::path::PathBuf;
use std::process::Child;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::mpsc;
use std::time::Duration;

use super::MAX_BYTES;
use super::PATIENCE;
use super::Paper;
use super::STACK_BYTES;
use super::TEXT_BYTES;
use crate::documents::skip::SkipReason;

/// The command of this program that is such a process.
pub const COMMAND: &str = "read-document";

/// A reader ends after so many documents, so that what one of them leaves behind does not gather.
const DOCUMENTS: u32 = 200;

/// Readers that wait for the next document; more read at once only while an index run reads with several threads.
const IDLE: usize = 2;

/// Address space of a reader: the worst of 287 hostile documents took 198 MiB (docs/benchmarks.md), and its stack, the
/// program itself and the text that it makes come on top.
#[cfg(target_os = "linux")]
const MEMORY: u64 = 768 << 20;

/// CPU seconds of a reader, for one whose parent is gone and cannot end it: more than its documents may take.
#[cfg(unix)]
const CPU_SECONDS: u64 = 600;

/// What the reader is told of a document.
const PAPERS: [Paper; 5] = [Paper::Pdf, Paper::Word, Paper::Sheets, Paper::Slides, Paper::Open];

/// What the reader may say of one that has no text.
const REASONS: [SkipReason; 4] = [SkipReason::Damaged, SkipReason::Unpacks, SkipReason::TooSlow, SkipReason::Empty];

/// A program that reads documents, with its arguments.
#[derive(Clone, Debug)]
struct Program {
    path: PathBuf,
    arguments: Vec<String>,
}

/// How the readers of this process are started; not set in tests and examples, whose program is another one.
static PROGRAM: OnceLock<Program> = OnceLock::new();

static READERS: Pool = Pool { idle: Mutex::new(Vec::new()) };

/// From now on documents are read by processes of the program at `path`, which is this one.
pub fn read_apart(path: PathBuf) {
    // Who sets it twice means the same program.
    let _ = PROGRAM.set(Program { path, arguments: vec![COMMAND.to_owned()] });
}

/// Ends the readers that wait. The next document starts one again.
pub(in crate::documents) fn rest() {
    READERS.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
}

/// The text of a document; `None` when no reader can be started.
pub(super) fn text(paper: Paper, bytes: &[u8]) -> Option<Result<String, SkipReason>> {
    READERS.read(PROGRAM.get()?, paper, bytes, PATIENCE)
}

struct Pool {
    idle: Mutex<Vec<Reader>>,
}

impl Pool {
    fn read(
        &self,
        program: &Program,
        paper: Paper,
        bytes: &[u8],
        patience: Duration,
    ) -> Option<Result<String, SkipReason>> {
        loop {
            let waiting = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let is_fresh = waiting.is_none();
            let mut reader = waiting.or_else(|| Reader::start(program).ok())?;
            let answer = reader.read(paper, bytes, patience);
            match answer {
                Answer::Text(result) => {
                    let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
                    if reader.read < DOCUMENTS && idle.len() < IDLE {
                        idle.push(reader);
                    }
                    return Some(result);
                }
                Answer::Late => return Some(Err(SkipReason::TooSlow)),
                // One that read others before may have died of those: the document gets a reader of its own.
                Answer::Died if !is_fresh => {}
                // One that dies of the first document, too, may be none at all; that is for the caller to know.
                Answer::Died => return reader.has_begun.then_some(Err(SkipReason::Damaged)),
            }
        }
    }
}

enum Answer {
    Text(Result<String, SkipReason>),
    Late,
    Died,
}

type Message = (u8, Vec<u8>);

/// A running process. It is ended with this value.
struct Reader {
    child: Child,
    asks: mpsc::Sender<Message>,
    answers: mpsc::Receiver<io::Result<Message>>,
    /// Documents that it has read.
    read: u32,
    /// Whether it said that it is a reader.
    has_begun: bool,
}

impl Reader {
    fn start(program: &Program) -> io::Result<Reader> {
        #[expect(clippy::disallowed_methods, reason = "a reader of documents is this program itself")]
        let mut command = std::process::Command::new(&program.path);
        // What its libraries print of a broken document is nobody's concern, and what we have in the environment not its.
        command.args(&program.arguments).env_clear();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let (Some(mut input), Some(mut output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("a process without pipes"));
        };
        let (asks, asked) = mpsc::channel::<Message>();
        let (answer, answers) = mpsc::channel();
        let talking = move || {
            let mut talk = |message: &Message| {
                send(&mut input, message)?;
                receive(&mut output, TEXT_BYTES as u64)
            };
            if answer.send(talk(&HELLO)).is_err() {
                return;
            }
            while let Ok(message) = asked.recv() {
                let said = talk(&message);
                let is_over = said.is_err();
                if answer.send(said).is_err() || is_over {
                    return;
                }
            }
        };
        let mut reader = Reader { child, asks, answers, read: 0, has_begun: false };
        std::thread::Builder::new().name("document".to_owned()).spawn(talking)?;
        reader.has_begun = matches!(reader.answers.recv_timeout(PATIENCE), Ok(Ok(it)) if it == HELLO);
        if reader.has_begun { Ok(reader) } else { Err(io::Error::other("not a reader of documents")) }
    }

    fn read(&mut self, paper: Paper, bytes: &[u8], patience: Duration) -> Answer {
        self.read += 1;
        let code = PAPERS.iter().position(|it| *it == paper).and_then(|it| u8::try_from(it).ok()).unwrap_or(0);
        if self.asks.send((code, bytes.to_vec())).is_err() {
            return Answer::Died;
        }
        match self.answers.recv_timeout(patience) {
            Ok(Ok((0, text))) => Answer::Text(String::from_utf8(text).map_err(|_| SkipReason::Damaged)),
            Ok(Ok((code, _))) => {
                let reason = REASONS.get(usize::from(code) - 1).copied();
                Answer::Text(Err(reason.unwrap_or(SkipReason::Damaged)))
            }
            Err(mpsc::RecvTimeoutError::Timeout) => Answer::Late,
            Ok(Err(_)) | Err(mpsc::RecvTimeoutError::Disconnected) => Answer::Died,
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What both sides say first.
const HELLO: Message = (u8::MAX, Vec::new());

/// A byte that says what it is, the length, the bytes.
fn send(to: &mut impl Write, (code, bytes): &Message) -> io::Result<()> {
    to.write_all(&[*code])?;
    to.write_all(&(bytes.len() as u64).to_le_bytes())?;
    to.write_all(bytes)?;
    to.flush()
}

fn receive(from: &mut impl Read, most: u64) -> io::Result<Message> {
    let mut head = [0; 9];
    from.read_exact(&mut head)?;
    let [code, length @ ..] = head;
    let length = u64::from_le_bytes(length);
    if length > most {
        return Err(io::Error::other("a message that is too long"));
    }
    let mut bytes = Vec::new();
    // It grows with what really comes.
    from.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok((code, bytes)) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Reads documents from standard input until it ends: the other side of a `Reader`.
///
/// # Errors
///
/// Those of the pipes, and of limits that cannot be set.
pub fn serve(mut input: impl Read + Send + 'static, mut output: impl Write + Send + 'static) -> io::Result<()> {
    set_limits()?;
    std::panic::set_hook(Box::new(|_| {}));
    let serving = move || -> io::Result<()> {
        loop {
            let (code, bytes) = match receive(&mut input, MAX_BYTES) {
                Ok(message) => message,
                Err(err) if err.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(err) => return Err(err),
            };
            let answer = match PAPERS.get(usize::from(code)) {
                Some(paper) => answer(*paper, &bytes),
                None => HELLO,
            };
            send(&mut output, &answer)?;
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(serving)?;
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the reader failed")))
}

fn answer(paper: Paper, bytes: &[u8]) -> Message {
    let text = std::panic::catch_unwind(|| paper.read(bytes)).unwrap_or(Err(SkipReason::Damaged));
    match text {
        Ok(text) => (0, text.into_bytes()),
        Err(reason) => {
            let code = REASONS.iter().position(|it| *it == reason).and_then(|it| u8::try_from(it + 1).ok());
            (code.unwrap_or(1), Vec::new())
        }
    }
}

/// Holds this process to what a reader needs: memory, time, no files, no core dumps.
#[cfg(unix)]
fn set_limits() -> io::Result<()> {
    use rustix::process::Resource;
    use rustix::process::Rlimit;

    let most = |it: u64| Rlimit { current: Some(it), maximum: Some(it) };
    #[cfg(target_os = "linux")]
    {
        // One that is stopped does not see its input end. The signal comes with the end of the thread that started the
        // reader, too, which is no fault: a reader that died while it waited is replaced.
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
        rustix::process::setrlimit(Resource::As, most(MEMORY))?;
    }
    rustix::process::setrlimit(Resource::Cpu, most(CPU_SECONDS))?;
    rustix::process::setrlimit(Resource::Core, most(0))?;
    rustix::process::setrlimit(Resource::Fsize, most(0))?;
    Ok(())
}

#[cfg(not(unix))]
fn set_limits() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[path = "apart_tests.rs"]
mod tests;
