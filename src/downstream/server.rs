//! One server that runs as our child and speaks MCP over its standard input and output.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rmcp::ClientHandler;
use rmcp::RoleClient;
use rmcp::ServiceExt;
use rmcp::model::CallToolRequestParams;
use rmcp::model::CallToolResult;
use rmcp::model::ProgressNotificationParam;
use rmcp::service::NotificationContext;
use rmcp::service::RunningService;
use rmcp::service::ServiceError;
use rmcp::transport::TokioChildProcess;
use serde_json::Map;
use serde_json::Value;

use super::DownstreamError;
use crate::trace::Progress;

/// How long a server may take to answer the handshake; a slow disk and a cold start are far below.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// How long a server may take to end after its input has; the SDK asks it again, then kills it, after 3 s each.
const GOODBYE: Duration = Duration::from_secs(8);

/// What to start.
#[derive(Clone, Debug, Default)]
pub struct Program {
    pub path: PathBuf,
    pub arguments: Vec<OsString>,
    /// Every variable that the program sees; nothing else is passed on.
    pub variables: BTreeMap<String, OsString>,
    /// The folder that it runs in.
    pub folder: PathBuf,
    /// The file to which its standard error goes, behind what is there; nowhere without one.
    pub log: Option<PathBuf>,
}

/// A server that runs. It is killed when this is dropped; [`Server::stop`] is the polite way.
#[derive(Debug)]
pub struct Server {
    running: RunningService<RoleClient, Client>,
}

/// The result of a tool.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Called {
    pub text: String,
    /// Empty when the server sent none.
    pub structured: Map<String, Value>,
    /// Whether the tool says that it failed; then the text says why.
    pub failed: bool,
}

/// Our side of the connection.
#[derive(Debug)]
struct Client {
    progress: Progress,
}

impl ClientHandler for Client {
    async fn on_progress(&self, told: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.progress.tell(told.progress, told.total, told.message.unwrap_or_default());
    }
}

impl Server {
    /// Starts `program` and shakes hands with it. What its calls tell on their way goes to `progress`.
    ///
    /// # Errors
    ///
    /// [`DownstreamError::Start`] and [`DownstreamError::Handshake`].
    pub async fn start(program: &Program, progress: Progress) -> Result<Server, DownstreamError> {
        let start = |source| DownstreamError::Start { program: program.path.clone(), source };
        let handshake = |reason| DownstreamError::Handshake { program: program.path.clone(), reason };
        let log = match &program.log {
            Some(path) => Stdio::from(File::options().create(true).append(true).open(path).map_err(start)?),
            None => Stdio::null(),
        };
        #[expect(clippy::disallowed_methods, reason = "this room starts the processes of other servers")]
        let mut command = tokio::process::Command::new(&program.path);
        command.args(&program.arguments).current_dir(&program.folder).env_clear().envs(&program.variables);
        command.kill_on_drop(true);
        let (transport, _) = TokioChildProcess::builder(command).stderr(log).spawn().map_err(start)?;
        match tokio::time::timeout(HANDSHAKE, Client { progress }.serve(transport)).await {
            Ok(Ok(running)) => Ok(Server { running }),
            Ok(Err(err)) => Err(handshake(err.to_string())),
            Err(_) => Err(handshake(format!("no answer within {} s", HANDSHAKE.as_secs()))),
        }
    }

    /// The name and version that the server gives itself; empty when it gives none.
    pub fn name(&self) -> (String, String) {
        let about = self.running.peer_info().and_then(|it| it.server_info.clone());
        about.map(|it| (it.name, it.version)).unwrap_or_default()
    }

    /// The version of the protocol that both agreed on.
    pub fn protocol(&self) -> String {
        self.running.peer_info().map(|it| it.protocol_version.to_string()).unwrap_or_default()
    }

    /// The names of its tools, in its order.
    ///
    /// # Errors
    ///
    /// [`DownstreamError::NoResult`].
    pub async fn tools(&self) -> Result<Vec<String>, DownstreamError> {
        let tools = self.running.list_all_tools().await.map_err(|err| no_result("tools/list", &err))?;
        Ok(tools.into_iter().map(|it| it.name.into_owned()).collect())
    }

    /// Calls a tool and waits for its result, for `limit` at most.
    ///
    /// # Errors
    ///
    /// [`DownstreamError::NoResult`] and [`DownstreamError::Timeout`]; a result that says that the tool failed is `Ok`.
    pub async fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        limit: Duration,
    ) -> Result<Called, DownstreamError> {
        let request = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        match tokio::time::timeout(limit, self.running.call_tool(request)).await {
            Ok(Ok(result)) => Ok(Called::of(result)),
            Ok(Err(err)) => Err(no_result(tool, &err)),
            Err(_) => Err(DownstreamError::Timeout { what: tool.to_owned(), limit }),
        }
    }

    /// Closes the server's input and waits until it has ended; one that does not is killed.
    pub async fn stop(mut self) {
        if !matches!(self.running.close_with_timeout(GOODBYE).await, Ok(Some(_))) {
            tracing::warn!("a server did not end when it was asked to");
        }
    }
}

impl Called {
    fn of(result: CallToolResult) -> Called {
        let text: Vec<&str> = result.content.iter().filter_map(|it| it.as_text()).map(|it| it.text.as_str()).collect();
        Called {
            text: text.join("\n"),
            failed: result.is_error == Some(true),
            structured: match result.structured_content {
                Some(Value::Object(structured)) => structured,
                _ => Map::new(),
            },
        }
    }
}

fn no_result(what: &str, err: &ServiceError) -> DownstreamError {
    DownstreamError::NoResult { what: what.to_owned(), reason: err.to_string() }
}
