//! Tests of the whole of [`resolve`]: which value counts, what is refused, what stays hidden.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// A folder with everything in it that is read.
struct World {
    folder: TempDir,
    flags: Flags,
    variables: BTreeMap<String, OsString>,
}

impl World {
    fn new() -> World {
        let world = World { folder: tempfile::tempdir().unwrap(), flags: Flags::default(), variables: BTreeMap::new() };
        for folder in ["work", "config/carryall"] {
            std::fs::create_dir_all(world.path(folder)).unwrap();
        }
        world
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn write(self, below: &str, text: &str) -> World {
        std::fs::create_dir_all(self.path(below).parent().unwrap()).unwrap();
        std::fs::write(self.path(below), text).unwrap();
        self
    }

    fn user_file(self, text: &str) -> World {
        self.write("config/carryall/config.toml", text)
    }

    fn project_file(self, text: &str) -> World {
        self.write("work/carryall.toml", text)
    }

    fn env_file(mut self, text: &str) -> World {
        self.flags.env_file = Some(self.path("keys.env"));
        self.write("keys.env", text)
    }

    fn variable(mut self, name: &str, value: &str) -> World {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    fn environment(&self) -> Environment {
        Environment {
            variables: self.variables.clone(),
            working_folder: self.path("work"),
            home: Some(self.path("home")),
            config_folder: Some(self.path("config")),
            data_folder: Some(self.path("data")),
        }
    }

    fn resolve(&self) -> Result<Resolved, ConfigError> {
        resolve(&self.flags, &self.environment())
    }

    /// `text` with this world's folder shown as `…`.
    fn filtered(&self, text: &str) -> String {
        text.replace(self.folder.path().to_str().unwrap(), "…")
    }

    fn error(&self) -> String {
        match self.resolve() {
            Ok(_) => "no error".to_owned(),
            Err(err) => self.filtered(&err.to_string()),
        }
    }

    fn shown(&self, name: &str) -> (String, Origin) {
        let shown = self.resolve().unwrap().settings.into_iter().find(|it| it.name == name).unwrap();
        (shown.value, shown.origin)
    }
}

/// Settings that are tested on their own: they name files, or their value is never shown.
fn is_special(setting: &Setting) -> bool {
    matches!(setting.name, "config" | "env_file")
        || setting.name.ends_with(".api_key")
        || setting.name == "telemetry.headers"
}

/// A legal value other than the default, and other than the one for another `rank`, where there are so many. As it
/// is shown, which is also how a variable gives it.
fn sample(setting: &Setting, rank: usize) -> String {
    match setting.name {
        "db" | "roots" | "embedder.folder" => format!("/sample/{rank}"),
        "toolsets" => ["memory", "ask", "insights", "context,ask", "memory,ask"][rank % 5].to_owned(),
        "git_history"
        | "read_only"
        | "text_only"
        | "offline"
        | "ask.find_local"
        | "budget.allow_unknown_price"
        | "allow_http"
        | "telemetry.disabled"
        | "memory.supersede_when_certain" => ["true", "false"][rank % 2].to_owned(),
        "embedder.kind" => ["ollama", "openai", "none"][rank % 3].to_owned(),
        "log_format" => ["json", "text"][rank % 2].to_owned(),
        "consolidate" => ["off", "idle"][rank % 2].to_owned(),
        "cache.history_s" | "cache.code_s" | "cache.knowledge_s" => ["1", "600", "86400"][rank % 3].to_owned(),
        "hooks" => ["brief", "off"][rank % 2].to_owned(),
        "provider" => ["azure", "extractive", "ollama", "lmstudio", "openai"][rank % 5].to_owned(),
        "memory.secrets" => ["refuse", "redact"][rank % 2].to_owned(),
        "ask.cascade" => ["azure,openai", "extractive", "ollama"][rank % 3].to_owned(),
        "ask.prefer" => ["quality", "speed", "cost"][rank % 3].to_owned(),
        "ask.cache" => ["all", "off"][rank % 2].to_owned(),
        "providers.openai.api" => ["responses", "chat"][rank % 2].to_owned(),
        "telemetry.protocol" => ["http/protobuf", "http/json"][rank % 2].to_owned(),
        "max_line_bytes" => (2000 + rank).to_string(),
        name if name.ends_with(".base_url") || name.ends_with("endpoint") => {
            format!("http://host-{rank}:{}", 100 + rank)
        }
        name if name.ends_with(".model")
            || matches!(name, "log_filter" | "exclude_tools" | "telemetry.service_name") =>
        {
            format!("some_{rank}")
        }
        name if name.ends_with(".api_version") => format!("2024-10-2{rank}"),
        _ => (1 + rank).to_string(),
    }
}

/// The value as TOML has it.
fn in_toml(setting: &Setting, value: &str) -> String {
    match setting.name {
        "roots" | "toolsets" | "exclude_tools" | "ask.cascade" => format!("['{}']", value.replace(',', "','")),
        _ if value.parse::<f64>().is_ok() || value.parse::<bool>().is_ok() => value.to_owned(),
        _ => format!("'{value}'"),
    }
}

fn set_flag(flags: &mut Flags, name: &str, value: &str) {
    let (text, switch) = (Some(value.to_owned()), value.parse().ok());
    match name {
        "db" => flags.db = Some(value.into()),
        "roots" => flags.roots = vec![value.into()],
        "toolsets" => flags.toolsets = text,
        "read_only" => flags.read_only = switch,
        "exclude_tools" => flags.exclude_tools = text,
        "text_only" => flags.text_only = switch,
        "offline" => flags.offline = switch,
        "provider" => flags.provider = text,
        "log_format" => flags.log_format = text,
        _ => panic!("no flag for {name}"),
    }
}

#[test]
fn every_setting_is_taken_from_the_highest_source() {
    for setting in settings().into_iter().filter(|it| it.group != Group::Project && !is_special(it)) {
        let mut world = World::new();
        let mut rank = 0;
        let (value, origin) = world.shown(setting.name);
        assert_eq!(origin, Origin::Default, "{}", setting.name);
        if setting.name != "db" {
            assert_eq!(value, setting.default, "{}", setting.name);
        }
        if let Some(key) = setting.key {
            let value = sample(setting, rank);
            world = world.user_file(&format!("{key} = {}", in_toml(setting, &value)));
            let path = world.path("config/carryall/config.toml");
            assert_eq!(world.shown(setting.name), (value, Origin::UserFile(path)), "{}", setting.name);
        }
        let mut env_file = String::new();
        // From the weakest variable to the strongest, so that each has to win over all before it.
        for variable in setting.variables.iter().rev() {
            rank += 1;
            let value = sample(setting, rank);
            env_file.push_str(&format!("{variable}='{value}'\n"));
            world = world.env_file(&env_file);
            let path = world.path("keys.env");
            assert_eq!(world.shown(setting.name), (value, Origin::EnvFile(path)), "{variable}");

            rank += 1;
            let value = sample(setting, rank);
            let before = world.shown(setting.name);
            world = world.variable(variable, "");
            assert_eq!(world.shown(setting.name), before, "empty {variable} is not set");
            world = world.variable(variable, &value);
            assert_eq!(world.shown(setting.name), (value, Origin::Variable((*variable).to_owned())), "{variable}");
        }
        if setting.flag.is_some() {
            let value = sample(setting, rank + 1);
            set_flag(&mut world.flags, setting.name, &value);
            assert_eq!(world.shown(setting.name), (value, Origin::Flag), "{}", setting.name);
        }
        assert!(setting.flag.is_some() || !setting.variables.is_empty() || setting.key.is_some());
    }
}

#[test]
fn what_is_shown_is_the_table() {
    let shown: Vec<String> = World::new().resolve().unwrap().settings.into_iter().map(|it| it.name).collect();
    let table: Vec<&str> = settings().iter().map(|it| it.name).collect();
    assert_eq!(shown, table);
}

#[test]
fn every_example_is_legal() {
    for setting in settings().into_iter().filter(|it| it.group != Group::Project && !is_special(it)) {
        for variable in setting.variables {
            let resolved = World::new().variable(variable, setting.example).resolve().unwrap();
            assert_eq!(resolved.warnings, Vec::<String>::new(), "{variable}");
        }
    }
    let world = World::new().user_file(document::USER_FILE_EXAMPLE).variable("WORK_API_KEY", "hunter2");
    assert_eq!(world.resolve().unwrap().warnings, Vec::<String>::new());
}

/// Sets everything that can be set in files and by variables.
fn full_world() -> World {
    let text = r#"
        db = "~/all.db"
        roots = ["~/src", "notes"]
        toolsets = ["ask", "memory"]
        read_only = true
        exclude_tools = ["forget"]
        text_only = true
        offline = true
        log_format = "json"
        log_filter = "debug"
        max_line_bytes = 1_000_000
        concurrency = 8
        consolidate = "off"
        hooks = "brief"
        provider = "work"
        budget = { daily_usd = 1, monthly_usd = 20.5 }

        [ask]
        cascade = ["ollama", "extractive"]
        concurrency = 3
        timeout_s = 60
        prefer = "speed"
        explore_percent = 10
        hedge_ms = 4000
        cache = "all"
        find_local = false
        breaker_failures = 3

        [cache]
        history_s = 60
        code_s = 600
        knowledge_s = 86_400

        [limits.work]
        requests_per_minute = 60
        tokens_per_minute = 100_000
        concurrency = 4

        [models."work/large"]
        quality = 4
        window = 128_000
        output = 8_000
        images = false
        schema = true
        tools = false

        [embedder]
        kind = "ollama"
        base_url = "https://vectors.example.com"
        model = "embeddinggemma"
        api_key_env = "TEAM_KEY"

        [memory]
        supersede_when_certain = false
        secrets = "refuse"

        [providers.work]
        kind = "azure"
        base_url = "https://models.example.com/"
        model = "large"
        api_version = "2024-10-21"

        [providers.other-one]
        kind = "openai"
        base_url = "https://other.example.com/v1"

        [providers.openai]
        kind = "openai"
        model = "small"
        api_key_env = "TEAM_KEY"
        api = "responses"

        [prices."work/large"]
        input = 1.25
        output = 10
        cache_read = 0.125

        [prices."openrouter/a/b"]
        input = 0
        output = 0
        cache_write = 0.5

        [retention.old-turns]
        kind = "turn"
        namespace = "work"
        older_than_days = 365

        [telemetry]
        endpoint = "http://127.0.0.1:4318/"
        traces_endpoint = "https://collector.example.com/in"
        headers_env = "TEAM_HEADERS"
        protocol = "http/protobuf"
        timeout_ms = 2000
        service_name = "desk"

        [records]
        trace_days = 30
        trace_mb = 100
        call_days = 400
        context_versions = 10
        context_mb = 5
    "#;
    let world = World::new().write(&format!("tools/git{}", std::env::consts::EXE_SUFFIX), "");
    let tools = world.path("tools");
    world
        .variable("PATH", tools.to_str().unwrap())
        .user_file(text)
        .project_file("include = ['src']\nexclude = ['x']\nbudget_tokens = 500\nnamespace = 'mine'")
        .variable("TEAM_KEY", "hunter2")
        .variable("TEAM_HEADERS", "x-key=hunter2")
        .variable("WORK_API_KEY", "hunter2")
        .variable("OPENAI_API_KEY", "hunter2")
        .variable("OLLAMA_HOST", "0.0.0.0")
        .variable("HTTP_PROXY", "http://ana:hunter2@proxy:1")
        .variable("HTTPS_PROXY", "http://ana:hunter2@proxy:2")
        .variable("NO_PROXY", "internal.example")
}

#[test]
fn every_field_can_be_set() {
    let world = full_world();
    let resolved = world.resolve().unwrap();
    insta::assert_snapshot!(world.filtered(&format!("{:#?}", resolved.config)));

    // The fields of the two dumps, side by side: whatever is in the struct must have changed.
    let unset = World::new();
    let unset = unset.filtered(&format!("{:#?}", unset.resolve().unwrap().config));
    let set = world.filtered(&format!("{:#?}", resolved.config));
    let fields = |text: &str| -> Vec<String> { text.split("\n    ").fold(Vec::new(), gather) };
    let (set, unset) = (fields(&set), fields(&unset));
    assert_eq!(set.len(), unset.len());
    let same: Vec<&String> = set.iter().filter(|it| unset.contains(it)).collect();
    // Offline, nothing is sent anywhere.
    let kept = ["Config {", "working_folder: \"…/work\",", "home: Some(\n        \"…/home\",\n    ),", "otlp: None,"];
    assert_eq!(same, kept);
    let online = full_world().variable("CARRYALL_OFFLINE", "false").resolve().unwrap().config.otlp.unwrap();
    assert_eq!((online.url.as_str(), online.service_name.as_str()), ("https://collector.example.com/in", "desk"));
    assert_eq!(online.headers[0].1.reveal(), "hunter2");
}

#[test]
fn a_git_that_is_in_the_workspace_or_beside_no_known_folder_is_not_run() {
    let name = format!("git{}", std::env::consts::EXE_SUFFIX);
    let world = World::new().write(&format!("work/bin/{name}"), "").write(&format!("tools/{name}"), "");
    let found = |folders: &[&str]| {
        let folders = std::env::join_paths(folders).unwrap();
        let mut environment = world.environment();
        environment.variables.insert("PATH".to_owned(), folders);
        resolve(&world.flags, &environment).unwrap().config.git
    };
    let (work, tools) = (world.path("work/bin"), world.path("tools"));
    let (work, tools) = (work.to_str().unwrap(), tools.to_str().unwrap());
    assert_eq!(found(&[work, "", ".", "bin"]), None);
    assert_eq!(found(&["bin", work, tools]), Some(world.path("tools").join(&name)));
    let off = World::new().variable("CARRYALL_GIT_HISTORY", "false").variable("PATH", tools);
    assert_eq!(off.resolve().unwrap().config.git, None);
}

/// Puts a line of a dump to its field: only a field's first line is not indented further.
fn gather(mut fields: Vec<String>, line: &str) -> Vec<String> {
    match fields.last_mut() {
        Some(last) if line.starts_with([' ', '}', ')', ']']) => last.push_str(&format!("\n    {line}")),
        _ => fields.push(line.to_owned()),
    }
    fields
}

#[test]
fn config_show_of_everything() {
    let world = full_world();
    let lines: Vec<String> = world
        .resolve()
        .unwrap()
        .settings
        .iter()
        .map(|it| world.filtered(&format!("{} = {}    from {}", it.name, it.value, it.origin)))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_hostile_project_changes_nothing() {
    let hostile = r#"
        provider = "evil"
        db = "/tmp/evil.db"
        roots = ["/"]
        command = "curl evil"
        exclude_tools = ["forget"]
        read_only = false
        offline = false
        toolsets = ["ask"]
        [providers.openai]
        base_url = "http://evil.example.com"
        api_key_env = "AWS_SECRET_ACCESS_KEY"
        [providers.evil]
        kind = "openai"
        base_url = "http://evil.example.com"
        [prices."openai/x"]
        input = 0
        output = 0
        [budget]
        daily_usd = 1000
    "#;
    let secret =
        |world: World| world.variable("OPENAI_API_KEY", "hunter2").variable("AWS_SECRET_ACCESS_KEY", "hunter3");
    let clean = secret(World::new());
    let attacked = secret(World::new())
        .project_file(hostile)
        .write("work/.env", "OPENAI_BASE_URL=http://evil.example.com\nLLM_PROVIDER=openai\n")
        .write("work/config.toml", "provider = 'openai'");
    let (expected, found) = (clean.resolve().unwrap(), attacked.resolve().unwrap());
    let dump = |world: &World, it: &Resolved| world.filtered(&format!("{:?}{:?}", it.config, it.settings));
    assert_eq!(dump(&attacked, &found), dump(&clean, &expected));
    assert_eq!(
        found.warnings.iter().map(|it| attacked.filtered(it)).collect::<Vec<_>>(),
        ["\"budget\", \"command\", \"db\", \"exclude_tools\", \"offline\", \"prices\", \"provider\", \"providers\", \
          \"read_only\", \"roots\", \"toolsets\" in the project file …/work/carryall.toml is ignored; it may set only \
          include, exclude, budget_tokens, namespace"]
    );
}

#[test]
fn a_project_file_that_was_named_is_the_user_file() {
    let mut world = World::new().project_file("offline = true");
    world.flags.config = Some("carryall.toml".into());
    let resolved = world.resolve().unwrap();
    assert!(resolved.config.offline);
    assert_eq!(resolved.warnings, Vec::<String>::new());
    assert_eq!(resolved.settings.len(), settings().len());
}

#[test]
fn says_what_is_wrong_with_the_user_file() {
    let texts = [
        "rots = []",
        "\n\n[budgte]\ndaily_usd = 1",
        "daily_usd = 1",
        "[budget]\ndaily = 1",
        "budget = 5",
        "providers = 5",
        "[providers]\nopenai = 5",
        "[providers.work]\nkind = 'openai'\napi_key = 'hunter2'",
        "[providers.work]\nbase_url = 'http://x'",
        "[providers.work]\nkind = 'opnai'",
        "[providers.openai]\nkind = 'ollama'",
        "[providers.Work]\nkind = 'openai'",
        "[providers.extractive]\nkind = 'openai'",
        "[providers.work]\nkind = 'openai'\napi_version = '1'",
        "[providers.ollama]\napi = 'chat'",
        "[providers.work]\nkind = 'anthropic'\napi = 'chat'",
        "[providers.work]\nkind = 'openai'\nstream = 'no'",
        "[providers.work]\nkind = 'openai'\nkey_header = 'x key'",
        "[providers.work]\nkind = 'openai'\nheaders = { authorization = 'Bearer hunter2' }",
        "[providers.work]\nkind = 'openai'\nheaders = { x-team = \"hunter\\n2\" }",
        "[providers.work]\nkind = 'openai'\nheaders = 'x-team: hunter2'",
        "[providers.work]\nkind = 'openai'\napi_key_env = 'gsk_hunter2'",
        "[prices.gpt]\ninput = 1\noutput = 1",
        "[prices.'openai/gpt']\ninput = 1",
        "[prices.'openai/gpt']\ninput = -1\noutput = 1",
        "[prices.'openai/gpt']\ninputs = 1",
        "provider = 'antropic'",
        "toolsets = 'ask'",
        "toolsets = []",
        "toolsets = ['contxt']",
        "roots = [1]",
        "db = 5",
        "db = ''",
        "read_only = 'yes'",
        "concurrency = 0",
        "concurrency = 1.5",
        "concurrency = 99999999999999999999",
        "[budget]\ndaily_usd = nan",
        "[ask]\ncascade = ['nobody']",
        "namespace = 'x'",
        "a = = 1",
        "db = '/x'\ndb = '/y'",
        "key = hunter2",
    ];
    let found: Vec<String> =
        texts.iter().map(|it| format!("{it}\n=> {}\n", World::new().user_file(it).error())).collect();
    insta::assert_snapshot!(found.join("\n"));
}

/// Nobody's memory stands still for a key that cannot be sent.
#[test]
fn a_key_that_is_none_stops_nothing_and_blanks_are_not_set() {
    for (value, said) in
        [("hunter2 hunter2", "not used"), ("sk-…", "not used"), ("   ", "not set"), ("sk-1", "set, from")]
    {
        let found = World::new().variable("OPENAI_API_KEY", value).variable("LLM_PROVIDER", "  ").resolve().unwrap();
        let shown = found.settings.iter().find(|it| it.name == "providers.openai.api_key").unwrap();
        assert!(shown.value.starts_with(said) && !shown.value.contains("hunter2"), "{value}: {shown:?}");
    }
}

#[test]
fn says_what_is_wrong_with_variables() {
    let pairs = [
        ("CARRYALL_TOOLSETS", "context,memry"),
        ("CARRYALL_TOOLSETS", ","),
        ("CARRYALL_READ_ONLY", "maybe"),
        ("CARRYALL_OFFLINE", "2"),
        ("CARRYALL_EXCLUDE_TOOLS", "for get"),
        ("CARRYALL_DAILY_USD", "five"),
        ("CARRYALL_MONTHLY_USD", "-1"),
        ("CARRYALL_LOG_FORMAT", "xml"),
        ("CARRYALL_MAX_LINE_BYTES", "64MB"),
        ("CARRYALL_CONCURRENCY", "0"),
        ("CARRYALL_CONFIG", "/missing.toml"),
        ("LLM_PROVIDER", "gemini"),
        ("LLM_PROVIDER", "sk-hunter2"),
        ("OPENAI_API", "completions"),
        ("OPENAI_BASE_URL", "api.openai.com/v1"),
        ("ANTHROPIC_BASE_URL", "https://me:hunter2@proxy"),
        ("OPENAI_MODEL", "a\u{7}b"),
    ];
    let found: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value:?}\n=> {}\n", World::new().variable(name, value).error()))
        .collect();
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn secrets_are_never_shown() {
    let mut world = World::new().user_file("[providers.work]\nkind = 'openai'\napi_key_env = 'MY_KEY'");
    for name in ["OPENAI", "ANTHROPIC", "AZURE_OPENAI", "OPENROUTER", "OLLAMA", "LMSTUDIO"] {
        world = world.variable(&format!("{name}_API_KEY"), " hunter2\n");
    }
    world = world.variable("MY_KEY", "hunter2");
    let resolved = world.resolve().unwrap();
    for (name, provider) in &resolved.config.providers {
        assert_eq!(provider.api_key.as_ref().map(Secret::reveal), Some("hunter2"), "{name}");
    }
    let text = format!("{resolved:?} {:#?} {:?}", resolved.config, world.environment());
    assert!(!text.contains("hunter2"), "{text}");

    let wrong = [
        World::new().user_file("[providers.openai]\napi_key = hunter2"),
        World::new().user_file("[providers.openai]\napi_key = 'hunter2'"),
        World::new().user_file("[providers.openai]\napi_key_env = 'hunter2'"),
        World::new().user_file("[providers.openai]\napi_key_env = ['hunter2']"),
        World::new().user_file("[providers.openai]\nbase_url = 'https://a:hunter2@b'"),
        World::new().variable("OLLAMA_HOST", "a:hunter2@b"),
        World::new().variable("AZURE_OPENAI_ENDPOINT", "https://b?key=hunter2"),
        World::new().variable("LLM_PROVIDER", "sk-hunter2"),
        World::new().env_file("hunter2"),
        World::new().env_file("OPENAI_API_KEY='hunter2"),
        World::new().env_file("OPENAI_API_KEY='hunter' hunter2"),
    ];
    for world in wrong {
        let err = world.resolve().unwrap_err();
        let text = format!("{err} {err:?}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_named_provider_never_gets_the_key_of_a_built_in_one() {
    let world = World::new()
        .user_file("[providers.mine]\nkind = 'openai'\nbase_url = 'https://mine.example.com/v1'")
        .variable("OPENAI_API_KEY", "hunter2");
    let config = world.resolve().unwrap().config;
    assert_eq!(config.providers["mine"].api_key, None);
    assert_eq!(config.providers["mine"].api_key_env, "MINE_API_KEY");
    assert_eq!(config.providers["openai"].api_key.as_ref().map(Secret::reveal), Some("hunter2"));
}

#[test]
fn ollama_host_counts_when_its_base_url_is_not_set() {
    let url = |world: World| world.resolve().unwrap().config.providers["ollama"].base_url.clone().unwrap();
    assert_eq!(url(World::new()), "http://127.0.0.1:11434");
    assert_eq!(url(World::new().variable("OLLAMA_HOST", "box")), "http://box:11434");
    assert_eq!(url(World::new().env_file("OLLAMA_HOST=box:1")), "http://box:1");
    let both = World::new().variable("OLLAMA_HOST", "box").variable("OLLAMA_BASE_URL", "http://other:2/");
    assert_eq!(url(both), "http://other:2");
}

#[test]
fn warns_of_what_is_probably_not_meant() {
    let world = World::new()
        .user_file("[prices.'opnai/x']\ninput = 1\noutput = 1")
        .variable("OLLAMA_BASE_URL", "http://localhost:11434/v1/");
    assert_eq!(
        world.resolve().unwrap().warnings,
        [
            "the address of the provider ollama ends in /v1, which is added to it once more",
            "prices.\"opnai/x\" is the price of a provider that is not known",
        ]
    );
}

#[test]
fn files_that_are_named_must_exist() {
    let mut world = World::new();
    world.flags.config = Some("missing.toml".into());
    assert!(world.error().starts_with("cannot read the user file …/work/missing.toml: "), "{}", world.error());
    world.flags.config = None;
    world.flags.env_file = Some("missing.env".into());
    assert!(world.error().starts_with("cannot read the env file …/work/missing.env: "), "{}", world.error());
}

#[test]
fn a_user_file_that_is_too_big_or_no_text_is_refused() {
    let error = World::new().user_file(&"#".repeat((1 << 20) + 1)).error();
    assert_eq!(error, "cannot read the user file …/config/carryall/config.toml: it has more than 1048576 bytes");
    let world = World::new();
    std::fs::write(world.path("config/carryall/config.toml"), b"\xff").unwrap();
    assert_eq!(world.error(), "cannot read the user file …/config/carryall/config.toml: it is not UTF-8 text");
}

#[test]
fn without_a_home_the_database_must_be_named() {
    let environment = Environment { working_folder: "/work".into(), ..Environment::default() };
    assert_eq!(resolve(&Flags::default(), &environment).unwrap_err(), ConfigError::NoHome);
    let flags = Flags { db: Some("my.db".into()), ..Flags::default() };
    let config = resolve(&flags, &environment).unwrap().config;
    assert_eq!(config.db, Path::new("/work/my.db"));
    assert_eq!(config.home, None);
}

#[test]
fn the_process_has_an_environment() {
    let environment = Environment::of_process().unwrap();
    assert!(environment.working_folder.is_absolute());
    // Cargo sets it for every test.
    assert!(environment.variable("CARGO_MANIFEST_DIR").is_some());
}

/// Texts that are often TOML, with known keys and odd values.
fn toml_text() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "db",
        "roots",
        "toolsets",
        "budget",
        "budget.daily_usd",
        "ask.cascade",
        "ask",
        "providers",
        "providers.x",
        "providers.x.kind",
        "providers.openai.api_key_env",
        "providers.''.kind",
        "prices.'a/b'",
        "prices.'a/b'.input",
        "concurrency",
        "provider",
        "include",
        "namespace",
        "budget_tokens",
        "'a\u{1}b'",
        "zzz",
    ]);
    let value = prop::sample::select(vec![
        "1",
        "-1",
        "0x1F",
        "1_0",
        "1e9",
        "nan",
        "-inf",
        "true",
        "'x'",
        "''",
        "'openai'",
        "['a', 1]",
        "[]",
        "[[[]]]",
        "{}",
        "{ kind = 'azure' }",
        "{ input = 1, output = 2 }",
        "{ a.b.c = 1 }",
        "2026-11-21T00:00:00Z",
        "\"\\u0000\"",
        "'é~/x'",
        "99999999999999999999",
        "",
    ]);
    let line = (key, value, 0..3).prop_map(|(key, value, form)| match form {
        0 => format!("[{key}]\n"),
        _ => format!("{key} = {value}\n"),
    });
    prop_oneof![prop::collection::vec(line, 0..6).prop_map(|it| it.concat()), "[a-z.=\\[\\]{}'\"\n#0-9 é]{0,60}", ".*"]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_user_file_makes_it_panic(text in toml_text()) {
        if let Err(err) = World::new().user_file(&text).resolve() {
            prop_assert!(!err.to_string().is_empty());
        }
    }

    #[test]
    fn no_project_file_stops_it(text in toml_text()) {
        prop_assert!(World::new().project_file(&text).resolve().is_ok());
    }

    #[test]
    fn no_variable_makes_it_panic(at in any::<prop::sample::Index>(), value in "[^\0]*") {
        let variables: Vec<&str> = settings().iter().flat_map(|it| it.variables).copied().collect();
        let _ = World::new().variable(at.get::<&str>(&variables), &value).resolve();
    }
}
