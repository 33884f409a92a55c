//! What the trees of every language say.

use super::super::language::Language;
use super::chunk;
use super::grammar::Grammar;
use super::tree;

/// One line a definition: kind, path, first line, line of the name, end of the signature, end.
fn definitions(language: &str, text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let outline = tree::read(text, &lines, Language::named(language).unwrap()).unwrap();
    outline
        .definitions
        .iter()
        .map(|it| {
            let at = [it.first_line, it.line, it.signature_end, it.end_line].map(|it| (it + 1).to_string()).join(" ");
            format!("{} {} {at}", it.kind.name(), it.path)
        })
        .collect()
}

fn uses(language: &str, text: &str) -> String {
    chunk(text, Language::named(language).unwrap()).into_iter().flat_map(|it| it.uses).collect::<Vec<_>>().join(" ")
}

#[test]
fn rust_is_read() {
    let text = "/// Opens.\n#[derive(Debug)]\npub struct Store<T> {\n    path: T,\n}\n\nimpl<T: Clone> Store<T> {\n    /// Of a path.\n    pub fn open(\n        path: T,\n    ) -> Self {\n        helper::load(&path)\n    }\n}\n\nmod inner {\n    const LIMIT: usize = 3;\n}\n";
    let expected = [
        "type Store 1 3 3 5",
        "extension Store 7 7 7 14",
        "function Store.open 8 9 11 13",
        "module inner 16 16 16 18",
        "value LIMIT 17 17 17 17",
    ];
    assert_eq!(definitions("rust", text), expected);
    assert_eq!(uses("rust", text), "Clone Self load");
}

#[test]
fn python_is_read() {
    let text = "import os\nfrom .app import Celery\n\nLIMIT = 3\n\n# Keeps.\n@dataclass\nclass Store(Base):\n    @property\n    def path(self):\n        \"\"\"Doc.\"\"\"\n        x = 1\n        return os.path.join(make(x))\n";
    let expected = ["value LIMIT 4 4 4 4", "type Store 6 8 8 13", "function Store.path 9 10 10 13"];
    assert_eq!(definitions("python", text), expected);
    assert_eq!(uses("python", text), "join make");
    let chunks = chunk(text, Language::named("python").unwrap());
    assert_eq!(chunks[0].imports, ["import os", "from .app import Celery"]);
    assert_eq!(chunks[0].symbol.as_deref(), Some("Store"));
}

#[test]
fn typescript_and_javascript_are_read() {
    let text = "// Adds.\nexport const add = (a: number): number => {\n  return plus(a)\n}\n\nexport abstract class Box<T> extends Base {\n  private limit = 3\n  async load(path: string): Promise<T> {\n    return new Loader(path)\n  }\n}\n\nexport interface Shape {\n  area(): number\n}\nFoo.prototype.go = function () {}\n";
    let expected = [
        "function add 1 2 2 4",
        "type Box 6 6 6 11",
        "value Box.limit 7 7 7 7",
        "function Box.load 8 8 8 10",
        "type Shape 13 13 13 15",
        "value Shape.area 14 14 14 14",
        "function Foo.go 16 16 16 16",
    ];
    assert_eq!(definitions("typescript", text), expected);
    assert_eq!(definitions("tsx", "const App = () => <Box />\n"), ["function App 1 1 1 1"]);
    assert_eq!(uses("tsx", "const App = () => <Box>{go()}</Box>\n"), "Box go");
    assert_eq!(
        definitions("javascript", "module.exports.run = function run() {\n}\n"),
        ["function exports.run 1 1 1 2"]
    );
}

#[test]
fn go_is_read() {
    let text = "package a\n\n// Server serves.\ntype Server[T any] struct {\n\tname string\n}\n\nfunc (s *Server[T]) Serve(l net.Listener) error {\n\treturn listen(l)\n}\n\nconst (\n\tA = 1\n\tB = 2\n)\n";
    let expected =
        ["type Server 3 4 4 6", "function Server.Serve 8 8 8 10", "value A 12 13 13 13", "value B 14 14 14 14"];
    assert_eq!(definitions("go", text), expected);
}

#[test]
fn the_c_family_is_read() {
    let c = "#include \"a.h\"\n\n/* Frees. */\nstatic void\nuv_free(uv_loop_t *loop)\n{\n  run(loop);\n}\n\nstruct node {\n  int x;\n};\nint count(void);\n";
    let expected = ["function uv_free 3 5 5 8", "type node 10 10 10 12", "value count 13 13 13 13"];
    assert_eq!(definitions("c", c), expected);
    let cpp = "namespace a {\ntemplate <typename T>\nclass Box : public Base {\n  void open();\n};\nvoid Box<int>::open() {\n  go();\n}\n}\n";
    let expected = ["module a 1 1 1 9", "type Box 2 3 3 5", "value Box.open 4 4 4 4", "function Box.open 6 6 6 8"];
    assert_eq!(definitions("cpp", cpp), expected);
}

#[test]
fn java_and_its_like_are_read() {
    let java = "class Foo {\n  private int limit = 3;\n  /** Runs. */\n  @Override\n  public void run(int a) {\n    go(a);\n  }\n}\n";
    let expected = ["type Foo 1 1 1 8", "value Foo.limit 2 2 2 2", "function Foo.run 3 5 5 7"];
    assert_eq!(definitions("java", java), expected);
    let csharp = "namespace A.B;\n\npublic class Foo<T> : Bar\n{\n    /// <summary>Runs.</summary>\n    [Fact]\n    public void Run(int a)\n    {\n        Go(a);\n    }\n    public int Limit { get; set; }\n}\n";
    let expected = ["type Foo 3 3 3 12", "function Foo.Run 5 7 7 10", "function Foo.Limit 11 11 11 11"];
    assert_eq!(definitions("csharp", csharp), expected);
    let kotlin = "/** Calls. */\nclass Call(val a: Int) {\n  val limit = 3\n  fun run(): Int = go(a)\n}\nobject One\n";
    let expected = ["type Call 1 2 2 5", "value Call.limit 3 3 3 3", "function Call.run 4 4 4 4", "type One 6 6 6 6"];
    assert_eq!(definitions("kotlin", kotlin), expected);
    let swift = "/// Loops.\npublic final class Loop: Base {\n  let limit = 3\n  func run() {\n    go()\n  }\n}\nextension Loop {\n  init() {}\n}\n";
    let expected = [
        "type Loop 1 2 2 7",
        "value Loop.limit 3 3 3 3",
        "function Loop.run 4 4 4 6",
        "extension Loop 8 8 8 10",
        "function Loop.init 9 9 9 9",
    ];
    assert_eq!(definitions("swift", swift), expected);
}

#[test]
fn scripts_are_read() {
    let ruby = "module A\n  # Runs.\n  class Foo < Bar\n    LIMIT = 3\n    def run(a)\n      go(a)\n    end\n    def self.make; end\n  end\nend\n";
    let expected = [
        "module A 1 1 1 10",
        "type Foo 2 3 3 9",
        "value Foo.LIMIT 4 4 4 4",
        "function Foo.run 5 5 5 7",
        "function Foo.make 8 8 8 8",
    ];
    assert_eq!(definitions("ruby", ruby), expected);
    let php = "<?php\nnamespace A;\n/** Runs. */\nclass Foo extends Bar\n{\n    private $limit = 3;\n    public function run($a)\n    {\n        $this->go($a);\n    }\n}\n";
    let expected = ["type Foo 3 4 4 11", "value Foo.limit 6 6 6 6", "function Foo.run 7 7 7 10"];
    assert_eq!(definitions("php", php), expected);
    let shell = "# Runs.\nrun() {\n  go \"$1\"\n}\nLIMIT=3\n";
    assert_eq!(definitions("shell", shell), ["function run 1 2 2 4", "value LIMIT 5 5 5 5"]);
    assert_eq!(uses("shell", shell), "go");
    // A character that its scanner cannot bear, where it looks for digits.
    // Texts that ended the process, or never came to an end.
    for (language, text) in [
        ("yaml", format!("{}a\n", "- ".repeat(254))),
        (
            "python",
            format!(
                "{}{}y = \"a\"\n",
                (0..511).map(|at| format!("{}if x:\n", " ".repeat(at))).collect::<String>(),
                " ".repeat(511)
            ),
        ),
        ("kotlin", "val x = 1\n@B".to_owned()),
        ("kotlin", "class A {\n val x = 1\n@B(".to_owned()),
    ] {
        assert!(!chunk(&text, Language::named(language).unwrap()).is_empty(), "{language}");
    }
    let far = "run() {\n  echo {\u{10ffff}..3} {1\u{1f600}}\n}\n";
    assert!(!chunk(far, Language::named("shell").unwrap()).is_empty());
}

#[test]
fn data_is_read() {
    assert_eq!(definitions("css", "/* Big. */\n.a .b,\n#c {\n  color: red;\n}\n"), ["section .a .b, 1 2 3 5"]);
    let json = "{\n  \"scripts\": {\n    \"build\": {\"x\": 1}\n  },\n  \"name\": 1\n}\n";
    let expected = ["section scripts 2 2 2 4", "section scripts.build 3 3 3 3", "section name 5 5 5 5"];
    assert_eq!(definitions("json", json), expected);
    let toml = "[a]\nx = 1\n\n[[b.c]]\ny = 2\n";
    let expected = ["section a 1 1 1 2", "section a.x 2 2 2 2", "section b.c 4 4 4 5", "section b.c.y 5 5 5 5"];
    assert_eq!(definitions("toml", toml), expected);
}

#[test]
fn a_text_that_is_no_program_is_cut_by_its_lines() {
    let text = "%%% ??? ### ))) %%%\n".repeat(200);
    let lines: Vec<&str> = text.lines().collect();
    assert!(tree::read(&text, &lines, Language::named("java").unwrap()).is_none());
    assert!(!chunk(&text, Language::named("java").unwrap()).is_empty());
    let large = "x = 1\n".repeat(200_000);
    assert!(tree::read(&large, &large.lines().collect::<Vec<_>>(), Language::named("python").unwrap()).is_none());
}

#[test]
fn one_error_loses_nothing_else() {
    let text = "fn one() {\n    1\n}\n\nfn two( {\n\nfn three() {\n    3\n}\n";
    let chunks = chunk(text, Language::named("rust").unwrap());
    let names: Vec<&str> = chunks.iter().flat_map(|it| &it.definitions).map(|it| it.name.as_str()).collect();
    assert!(names.contains(&"one") && names.contains(&"three"), "{names:?}");
}

#[test]
fn hostile_texts_end_soon_in_every_language() {
    let texts = [
        "(".repeat(20_000),
        "{[(".repeat(7_000),
        "<".repeat(20_000),
        "a<".repeat(10_000),
        "if x { ".repeat(3_000),
        "f(g(".repeat(5_000) + &")".repeat(10_000),
        "\"".repeat(19_999),
        "- ".repeat(10_000),
        "&*".repeat(10_000),
        format!("x = <<{}\n", "A".repeat(300)).repeat(20),
        format!("x = {}1{}", "(".repeat(10_000), ")".repeat(10_000)),
        "\u{0}\u{feff}\r\n\t".repeat(2_000),
    ];
    for language in Language::all().filter(|it| Grammar::of(*it).is_some()) {
        for text in &texts {
            let text =
                text.chars().flat_map(|it| if it == ' ' { vec![' ', '\n'] } else { vec![it] }).collect::<String>();
            let length: usize = chunk(&text, language).iter().map(|it| it.text.len()).sum();
            assert!(length <= text.len() + 1, "{}", language.name());
        }
    }
}
