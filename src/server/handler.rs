//! Answers the requests of the protocol.

use std::sync::Arc;
use std::time::Duration;

use rmcp::ErrorData;
use rmcp::RoleServer;
use rmcp::ServerHandler;
use rmcp::model::CacheScope;
use rmcp::model::CallToolRequestParams;
use rmcp::model::CallToolResponse;
use rmcp::model::CompleteRequestParams;
use rmcp::model::CompleteResult;
use rmcp::model::CustomRequest;
use rmcp::model::CustomResult;
use rmcp::model::DiscoverResult;
use rmcp::model::ErrorCode;
use rmcp::model::GetPromptRequestParams;
use rmcp::model::GetPromptResponse;
use rmcp::model::Implementation;
use rmcp::model::InitializeRequestParams;
use rmcp::model::InitializeResult;
use rmcp::model::ListPromptsResult;
use rmcp::model::ListResourceTemplatesResult;
use rmcp::model::ListResourcesResult;
use rmcp::model::ListToolsResult;
use rmcp::model::NotificationMetaObject;
use rmcp::model::PaginatedRequestParams;
use rmcp::model::ProgressNotificationParam;
use rmcp::model::ReadResourceRequestParams;
use rmcp::model::ReadResourceResponse;
use rmcp::model::ServerCapabilities;
use rmcp::model::ServerConfig;
use rmcp::service::NotificationContext;
use rmcp::service::Peer;
use rmcp::service::RequestContext;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::idle::Calls;
use super::instructions;
use super::order::Domain;
use super::order::Order;
use super::prompts;
use super::reply;
use super::resources;
use super::tools;
use super::tools::Tool;
use crate::app::App;
use crate::documents::Allowed;
use crate::trace::Progress;
use crate::trace::Remote;
use crate::trace::Update;

/// Marks a message of progress that is a piece of the answer, in its `_meta`.
const DELTA: &str = "carryall/delta";

/// The lists of tools, prompts and templates are chosen at start and never change while the server runs.
const LIST_TTL_MS: u64 = 3_600_000;

/// Resources are rows that other processes write, too.
const RESOURCE_TTL_MS: u64 = 1_000;

/// How long a call that may index waits for the client to name its roots.
const ROOTS_WAIT: Duration = Duration::from_secs(2);

/// The methods of the protocol; a request for one of them that the SDK could not read has malformed parameters.
const KNOWN_METHODS: [&str; 9] = [
    "tools/call",
    "tools/list",
    "resources/read",
    "resources/list",
    "resources/templates/list",
    "prompts/get",
    "prompts/list",
    "completion/complete",
    "initialize",
];

pub(super) struct Handler {
    app: Arc<App>,
    order: Order,
    /// Calls that run at once; the others wait in line.
    room: Semaphore,
    /// Fires when open calls must end.
    abandon: CancellationToken,
    /// Counts calls, so that work beside them knows when to stop.
    calls: Calls,
    /// Folders that the client declares; `None` while it is being asked.
    client_roots: watch::Sender<Option<Vec<std::path::PathBuf>>>,
}

impl Handler {
    pub(super) fn new(app: Arc<App>, order: Order, abandon: CancellationToken, calls: Calls) -> Handler {
        let room = Semaphore::new(app.config.concurrency.max(1));
        Handler { app, order, room, abandon, calls, client_roots: watch::Sender::new(Some(Vec::new())) }
    }

    /// Where this client may index and search: what the configuration allows and the roots that it declares. Only a
    /// call that touches files waits for those.
    async fn allowed(&self, tool: &Tool, arguments: &Value) -> Allowed {
        if !tool.touches(arguments).reads.contains(&Domain::Workspace) {
            return self.app.allowed(&[]);
        }
        let mut roots = self.client_roots.subscribe();
        let declared = tokio::time::timeout(ROOTS_WAIT, roots.wait_for(Option::is_some)).await;
        let declared = declared.ok().and_then(Result::ok).and_then(|it| it.clone()).unwrap_or_default();
        self.app.allowed(&declared)
    }

    #[expect(deprecated, reason = "hosts of the earlier revisions declare their workspace this way and no other")]
    async fn ask_for_roots(&self, peer: &Peer<RoleServer>) {
        let declares = peer.peer_info().is_some_and(|it| it.capabilities.roots.is_some());
        if !declares {
            return;
        }
        self.client_roots.send_replace(None);
        let listed = tokio::time::timeout(ROOTS_WAIT, peer.list_roots()).await;
        let roots = match listed {
            Ok(Ok(listed)) => listed.roots.into_iter().filter_map(|it| file_path(&it.uri)).collect(),
            _ => Vec::new(),
        };
        self.client_roots.send_replace(Some(roots));
    }
}

/// The path of a `file://` address.
fn file_path(uri: &str) -> Option<std::path::PathBuf> {
    url::Url::parse(uri).ok().filter(|it| it.scheme() == "file")?.to_file_path().ok()
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .enable_prompts()
            .enable_completions()
            .build();
        ServerConfig::new(capabilities)
            .with_server_info(
                Implementation::new("carryall", env!("CARGO_PKG_VERSION"))
                    .with_title("Carryall")
                    .with_description(env!("CARGO_PKG_DESCRIPTION")),
            )
            .with_instructions(instructions::text(&self.app.config))
    }

    async fn discover(&self, _: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        let versions = self.supported_protocol_versions().into_owned();
        Ok(DiscoverResult::from_server_info(versions, self.get_info())
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope(CacheScope::Public))
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        if request.capabilities.roots.is_some() {
            // Asked for as soon as the client is ready; a call that comes before waits for the answer.
            self.client_roots.send_replace(None);
        }
        context.peer.set_peer_info(request.clone());
        self.negotiate_initialize(&request)
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.ask_for_roots(&context.peer).await;
    }

    async fn on_roots_list_changed(&self, context: NotificationContext<RoleServer>) {
        self.ask_for_roots(&context.peer).await;
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let config = &self.app.config;
        let tools = tools::enabled(config).map(|it| it.listed(config.text_only)).collect();
        Ok(ListToolsResult::with_all_items(tools).with_ttl_ms(LIST_TTL_MS).with_cache_scope(CacheScope::Public))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = tools::find(&self.app.config, &request.name) else {
            return Err(ErrorData::invalid_params(tools::unknown(&self.app.config, &request.name), None));
        };
        let _call = self.calls.begin();
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        // Fires for whichever comes first: the client's notification or the end of the server.
        let stop = context.ct.child_token();
        let (progress, told) = forward_progress(&self.app, &context);
        let call = tool.begin(&self.app, remote(&context), progress, stop.clone());
        let places = async {
            let turn = self.order.turn(&context.id).await;
            (turn, self.room.acquire().await)
        };
        let (_turn, _room) = tokio::select! {
            places = places => places,
            () = context.ct.cancelled() => {
                tool.cancelled_in_line(&self.app, call, &arguments);
                return Err(cancelled());
            }
        };
        let _watch = tokio_util::task::AbortOnDropHandle::new(self.app.tasks.spawn({
            let abandon = self.abandon.clone();
            async move {
                abandon.cancelled().await;
                stop.cancel();
            }
        }));
        let allowed = self.allowed(tool, &arguments).await;
        let caller = tools::Caller { allowed, client: client_name(&context), is_local: false };
        let outcome = tool.call(self.app.clone(), call.clone(), arguments, caller).await;
        let trace_id = call.id().to_owned();
        // The last piece of progress goes out before the answer: the sender must be gone for that.
        drop(call);
        if let Some(told) = told {
            let stop_telling = told.abort_handle();
            if tokio::time::timeout(Duration::from_secs(1), told).await.is_err() {
                // The client reads too slowly; after the answer nothing may be told any more.
                stop_telling.abort();
            }
        }
        Ok(reply::result(outcome, &trace_id, self.app.config.text_only).into())
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let method = request.method.as_str();
        if KNOWN_METHODS.contains(&method) {
            let wanted = match method {
                "tools/call" => "params must be {\"name\": string, \"arguments\": object}",
                "resources/read" => "params must be {\"uri\": string}",
                "prompts/get" => "params must be {\"name\": string, \"arguments\": object of strings}",
                _ => "see the specification of this method",
            };
            return Err(ErrorData::invalid_params(format!("malformed params of {method}: {wanted}"), None));
        }
        Err(ErrorData::new(
            ErrorCode::METHOD_NOT_FOUND,
            format!("unknown method {}", reply::shorten(method, 100)),
            None,
        ))
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let _turn = self.order.turn(&context.id).await;
        let cursor = request.and_then(|it| it.cursor);
        let page = resources::list(&self.app, cursor.as_deref()).await?;
        let mut result = ListResourcesResult::with_all_items(page.resources)
            .with_ttl_ms(RESOURCE_TTL_MS)
            .with_cache_scope(CacheScope::Private);
        result.next_cursor = page.next_cursor;
        Ok(result)
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(resources::templates())
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope(CacheScope::Public))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let _turn = self.order.turn(&context.id).await;
        // In a box: every open request, whatever it asks for, would hold the room that reading takes.
        let result = Box::pin(resources::read(&self.app, &request.uri)).await?;
        Ok(result.with_ttl_ms(RESOURCE_TTL_MS).with_cache_scope(CacheScope::Private).into())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(prompts::list(&self.app.config))
            .with_ttl_ms(LIST_TTL_MS)
            .with_cache_scope(CacheScope::Public))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let _turn = self.order.turn(&context.id).await;
        let arguments = request.arguments.unwrap_or_default();
        Box::pin(prompts::get(&self.app, &request.name, &arguments)).await.map(Into::into)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        Box::pin(resources::complete(&self.app, &request)).await
    }
}

/// How the client names itself, in either lifecycle; short, and without line breaks.
fn client_name(context: &RequestContext<RoleServer>) -> Option<String> {
    let told = context.meta.client_info().map(|it| it.name);
    let name = told.or_else(|| context.peer.peer_info().map(|it| it.client_info.name.clone()))?;
    let name = crate::context::label(&name, 100);
    (!name.is_empty()).then_some(name)
}

/// The trace of the client's that a request belongs to.
fn remote(context: &RequestContext<RoleServer>) -> Option<Remote> {
    Remote::read(context.meta.get_traceparent()?, context.meta.get_tracestate())
}

fn cancelled() -> ErrorData {
    // The client has gone on; the SDK drops this answer.
    ErrorData::internal_error("cancelled", None)
}

/// Sends what is told as progress notifications, when the client gave a token. The handle ends when all is sent.
fn forward_progress(
    app: &App,
    context: &RequestContext<RoleServer>,
) -> (Progress, Option<tokio::task::JoinHandle<()>>) {
    let Some(token) = context.meta.get_progress_token() else { return (Progress::default(), None) };
    let (sender, mut queue) = mpsc::unbounded_channel::<Update>();
    let peer = context.peer.clone();
    let cancelled = context.ct.clone();
    let told = app.tasks.spawn(async move {
        let mut last = -1.0;
        while let Some(update) = queue.recv().await {
            // After a cancellation nothing more may be sent for the request.
            if cancelled.is_cancelled() {
                return;
            }
            // The protocol wants every value to be greater than the one before.
            let done = if update.done > last { update.done } else { last + 1e-6 };
            last = done;
            let mut param = ProgressNotificationParam::new(token.clone(), done);
            param.total = update.total;
            param.message = Some(update.message).filter(|it| !it.is_empty());
            if update.is_piece {
                let mut meta = NotificationMetaObject::default();
                meta.insert(DELTA.to_owned(), true.into());
                param.meta = Some(meta);
            }
            if peer.notify_progress(param).await.is_err() {
                return;
            }
        }
    });
    let listener = move |update| {
        let _ = sender.send(update);
    };
    (Progress::to(listener), Some(told))
}
