//! Says of each language with a grammar which nodes of its trees define, call, import or stand before something.
//!
//! The kinds of nodes are those of the grammars' `node-types.json`; a test holds that each one exists.

use std::sync::OnceLock;

use super::super::language::Language;
use super::DefinitionKind;
use super::DefinitionKind::Extension;
use super::DefinitionKind::Function;
use super::DefinitionKind::Module;
use super::DefinitionKind::Section;
use super::DefinitionKind::Type;
use super::DefinitionKind::Value;

/// What a node is for the reading of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Nothing,
    Defines(DefinitionKind, Name),
    /// A comment, an attribute, a decorator: belongs to what follows.
    Lead,
    /// Begins where what it holds begins: `export …`, a decorated definition.
    Wrapper,
    /// Uses the name that this field ends with, or else its first child.
    Uses(&'static str),
    /// Is a name of a type.
    TypeName,
    Imports,
}

/// Where the name of a definition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Field(&'static str),
    /// In the declarators of C, however deep.
    Declarator,
    /// In the first child of this kind, or in its first named child.
    Child(&'static str),
    /// In a field, and it counts only with a field `body`.
    WithBody,
    /// In the field `name` of what has a function or class as its value; else it is a value.
    OfFunction(&'static str),
}

/// The roles of one language.
struct Table {
    /// As [`Language::name`] has it.
    language: &'static str,
    load: fn() -> tree_sitter::Language,
    /// Kinds of nodes, parted by spaces, with their role.
    roles: &'static [(&'static str, Role)],
}

/// A grammar with its roles by the number of a kind.
pub(super) struct Grammar {
    pub(super) language: tree_sitter::Language,
    roles: Vec<Role>,
}

impl Grammar {
    /// The grammar of `language`, if there is one.
    pub(super) fn of(language: Language) -> Option<&'static Grammar> {
        static GRAMMARS: [OnceLock<Grammar>; TABLES.len()] = [const { OnceLock::new() }; TABLES.len()];
        let name = match language.name() {
            // Close enough to be read as the language that they extend.
            "cuda" => "cpp",
            other => other,
        };
        let at = TABLES.iter().position(|it| it.language == name)?;
        Some(GRAMMARS[at].get_or_init(|| Grammar::new(&TABLES[at])))
    }

    fn new(table: &Table) -> Grammar {
        let language = (table.load)();
        let role = |id: u16| {
            let kind = language.node_kind_for_id(id).filter(|_| language.node_kind_is_named(id))?;
            table.roles.iter().find(|it| it.0.split(' ').any(|it| it == kind)).map(|it| it.1)
        };
        let count = u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX);
        let roles = (0..count).map(|id| role(id).unwrap_or(Role::Nothing)).collect();
        Grammar { language, roles }
    }

    pub(super) fn role(&self, node: &tree_sitter::Node<'_>) -> Role {
        self.roles.get(usize::from(node.kind_id())).copied().unwrap_or(Role::Nothing)
    }
}

const NAME: Name = Name::Field("name");

const fn defines(kind: DefinitionKind) -> Role {
    Role::Defines(kind, NAME)
}

const fn in_field(kind: DefinitionKind, field: &'static str) -> Role {
    Role::Defines(kind, Name::Field(field))
}

const fn in_child(kind: DefinitionKind, child: &'static str) -> Role {
    Role::Defines(kind, Name::Child(child))
}

/// JavaScript, and what TypeScript adds to it; a kind that a grammar does not have is none of its nodes.
const JAVASCRIPT: &[(&str, Role)] = &[
    ("function_declaration generator_function_declaration method_definition", defines(Function)),
    ("class_declaration", defines(Type)),
    ("variable_declarator", Role::Defines(Value, Name::OfFunction("name"))),
    ("field_definition", Role::Defines(Value, Name::OfFunction("property"))),
    ("assignment_expression", Role::Defines(Function, Name::OfFunction("left"))),
    ("export_statement lexical_declaration variable_declaration", Role::Wrapper),
    ("comment decorator", Role::Lead),
    ("call_expression", Role::Uses("function")),
    ("new_expression", Role::Uses("constructor")),
    ("jsx_opening_element jsx_self_closing_element", Role::Uses("name")),
    ("import_statement", Role::Imports),
];

const TYPESCRIPT: &[(&str, Role)] = &[
    (
        "function_declaration generator_function_declaration method_definition function_signature \
         abstract_method_signature",
        defines(Function),
    ),
    (
        "class_declaration abstract_class_declaration interface_declaration type_alias_declaration enum_declaration",
        defines(Type),
    ),
    ("internal_module module", defines(Module)),
    ("method_signature property_signature", defines(Value)),
    ("variable_declarator public_field_definition", Role::Defines(Value, Name::OfFunction("name"))),
    ("assignment_expression", Role::Defines(Function, Name::OfFunction("left"))),
    ("export_statement lexical_declaration variable_declaration ambient_declaration", Role::Wrapper),
    ("comment decorator", Role::Lead),
    ("call_expression", Role::Uses("function")),
    ("new_expression", Role::Uses("constructor")),
    ("type_identifier", Role::TypeName),
    ("import_statement", Role::Imports),
];

const TSX: &[(&str, Role)] = &{
    let mut all = [("", Role::Nothing); TYPESCRIPT.len() + 1];
    let mut at = 0;
    while at < TYPESCRIPT.len() {
        all[at] = TYPESCRIPT[at];
        at += 1;
    }
    all[at] = ("jsx_opening_element jsx_self_closing_element", Role::Uses("name"));
    all
};

const C: &[(&str, Role)] = &[
    ("function_definition", Role::Defines(Function, Name::Declarator)),
    ("struct_specifier union_specifier enum_specifier", Role::Defines(Type, Name::WithBody)),
    ("type_definition", Role::Defines(Type, Name::Declarator)),
    ("declaration", Role::Defines(Value, Name::Declarator)),
    ("preproc_function_def preproc_def", defines(Value)),
    ("comment", Role::Lead),
    ("call_expression", Role::Uses("function")),
    ("type_identifier", Role::TypeName),
    ("preproc_include", Role::Imports),
];

const CPP: &[(&str, Role)] = &[
    ("function_definition", Role::Defines(Function, Name::Declarator)),
    ("class_specifier struct_specifier union_specifier enum_specifier", Role::Defines(Type, Name::WithBody)),
    ("alias_declaration concept_definition", defines(Type)),
    ("type_definition", Role::Defines(Type, Name::Declarator)),
    ("namespace_definition", defines(Module)),
    ("declaration field_declaration", Role::Defines(Value, Name::Declarator)),
    ("preproc_function_def preproc_def", defines(Value)),
    ("template_declaration", Role::Wrapper),
    ("comment", Role::Lead),
    ("call_expression", Role::Uses("function")),
    ("new_expression", Role::Uses("type")),
    ("type_identifier", Role::TypeName),
    ("preproc_include using_declaration", Role::Imports),
];

static TABLES: &[Table] = &[
    Table {
        language: "rust",
        load: || tree_sitter_rust::LANGUAGE.into(),
        roles: &[
            ("function_item function_signature_item macro_definition", defines(Function)),
            ("struct_item enum_item union_item trait_item type_item", defines(Type)),
            ("impl_item", in_field(Extension, "type")),
            ("mod_item", Role::Defines(Module, Name::WithBody)),
            ("const_item static_item associated_type", defines(Value)),
            ("line_comment block_comment attribute_item", Role::Lead),
            ("call_expression", Role::Uses("function")),
            ("macro_invocation", Role::Uses("macro")),
            ("type_identifier", Role::TypeName),
            ("use_declaration extern_crate_declaration", Role::Imports),
        ],
    },
    Table {
        language: "python",
        load: || tree_sitter_python::LANGUAGE.into(),
        roles: &[
            ("function_definition", defines(Function)),
            ("class_definition", defines(Type)),
            ("type_alias_statement", in_field(Type, "left")),
            ("assignment", in_field(Value, "left")),
            ("decorated_definition", Role::Wrapper),
            ("comment decorator", Role::Lead),
            ("call", Role::Uses("function")),
            ("import_statement import_from_statement", Role::Imports),
        ],
    },
    Table { language: "javascript", load: || tree_sitter_javascript::LANGUAGE.into(), roles: JAVASCRIPT },
    Table { language: "typescript", load: || tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(), roles: TYPESCRIPT },
    Table { language: "tsx", load: || tree_sitter_typescript::LANGUAGE_TSX.into(), roles: TSX },
    Table {
        language: "go",
        load: || tree_sitter_go::LANGUAGE.into(),
        roles: &[
            ("function_declaration method_declaration", defines(Function)),
            ("type_spec type_alias", defines(Type)),
            ("const_spec var_spec method_elem", defines(Value)),
            ("type_declaration const_declaration var_declaration", Role::Wrapper),
            ("comment", Role::Lead),
            ("call_expression", Role::Uses("function")),
            ("type_identifier", Role::TypeName),
            ("import_spec", Role::Imports),
        ],
    },
    Table {
        language: "java",
        load: || tree_sitter_java::LANGUAGE.into(),
        roles: &[
            (
                "method_declaration constructor_declaration compact_constructor_declaration \
                 annotation_type_element_declaration",
                defines(Function),
            ),
            (
                "class_declaration interface_declaration enum_declaration record_declaration \
                 annotation_type_declaration",
                defines(Type),
            ),
            ("variable_declarator enum_constant", defines(Value)),
            ("field_declaration constant_declaration", Role::Wrapper),
            ("line_comment block_comment", Role::Lead),
            ("method_invocation", Role::Uses("name")),
            ("type_identifier", Role::TypeName),
            ("import_declaration", Role::Imports),
        ],
    },
    Table { language: "c", load: || tree_sitter_c::LANGUAGE.into(), roles: C },
    Table { language: "cpp", load: || tree_sitter_cpp::LANGUAGE.into(), roles: CPP },
    Table {
        language: "csharp",
        load: || tree_sitter_c_sharp::LANGUAGE.into(),
        roles: &[
            (
                "method_declaration constructor_declaration destructor_declaration local_function_statement \
                 delegate_declaration",
                defines(Function),
            ),
            (
                "class_declaration struct_declaration interface_declaration enum_declaration record_declaration",
                defines(Type),
            ),
            ("property_declaration event_declaration", defines(Function)),
            ("namespace_declaration", defines(Module)),
            ("variable_declarator enum_member_declaration", defines(Value)),
            ("field_declaration", Role::Wrapper),
            ("comment", Role::Lead),
            ("invocation_expression", Role::Uses("function")),
            ("object_creation_expression parameter variable_declaration", Role::Uses("type")),
            ("using_directive", Role::Imports),
        ],
    },
    Table {
        language: "ruby",
        load: || tree_sitter_ruby::LANGUAGE.into(),
        roles: &[
            ("method singleton_method", defines(Function)),
            ("class", defines(Type)),
            ("module", defines(Module)),
            ("assignment", in_field(Value, "left")),
            ("comment", Role::Lead),
            ("call", Role::Uses("method")),
            ("superclass", Role::Uses("")),
        ],
    },
    Table {
        language: "php",
        load: || tree_sitter_php::LANGUAGE_PHP.into(),
        roles: &[
            ("function_definition method_declaration", defines(Function)),
            ("class_declaration interface_declaration trait_declaration enum_declaration", defines(Type)),
            ("const_element", in_child(Value, "name")),
            ("property_element", defines(Value)),
            ("property_declaration const_declaration", Role::Wrapper),
            ("comment attribute_list", Role::Lead),
            ("function_call_expression", Role::Uses("function")),
            ("member_call_expression nullsafe_member_call_expression scoped_call_expression", Role::Uses("name")),
            ("object_creation_expression named_type base_clause class_interface_clause", Role::Uses("")),
            ("namespace_use_clause", Role::Imports),
        ],
    },
    Table {
        language: "kotlin",
        load: || tree_sitter_kotlin_ng::LANGUAGE.into(),
        roles: &[
            ("function_declaration", defines(Function)),
            ("class_declaration object_declaration", defines(Type)),
            ("type_alias", in_field(Type, "type")),
            ("property_declaration", in_child(Value, "variable_declaration")),
            ("enum_entry", in_child(Value, "identifier")),
            ("line_comment block_comment", Role::Lead),
            ("call_expression user_type", Role::Uses("")),
            ("import", Role::Imports),
        ],
    },
    Table {
        language: "swift",
        load: || tree_sitter_swift::LANGUAGE.into(),
        roles: &[
            (
                "function_declaration init_declaration deinit_declaration subscript_declaration \
                 protocol_function_declaration macro_declaration",
                defines(Function),
            ),
            ("class_declaration protocol_declaration typealias_declaration", defines(Type)),
            ("property_declaration protocol_property_declaration enum_entry", defines(Value)),
            ("comment multiline_comment", Role::Lead),
            ("call_expression", Role::Uses("")),
            ("type_identifier", Role::TypeName),
            ("import_declaration", Role::Imports),
        ],
    },
    Table {
        language: "shell",
        load: || tree_sitter_bash::LANGUAGE.into(),
        roles: &[
            ("function_definition", defines(Function)),
            ("variable_assignment", defines(Value)),
            ("comment", Role::Lead),
            ("command", Role::Uses("name")),
        ],
    },
    Table {
        language: "css",
        load: || tree_sitter_css::LANGUAGE.into(),
        roles: &[
            ("rule_set", in_child(Section, "selectors")),
            ("keyframes_statement", in_child(Section, "keyframes_name")),
            ("comment", Role::Lead),
            ("import_statement", Role::Imports),
        ],
    },
    Table {
        language: "json",
        load: || tree_sitter_json::LANGUAGE.into(),
        roles: &[("pair", in_field(Section, "key"))],
    },
    Table {
        language: "toml",
        load: || tree_sitter_toml_ng::LANGUAGE.into(),
        roles: &[
            ("table table_array_element", in_child(Section, "")),
            ("pair", in_child(Section, "")),
            ("comment", Role::Lead),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_node_and_field_that_is_named_exists() {
        for table in TABLES {
            assert!(Language::named(table.language).is_some(), "{}", table.language);
            let language = (table.load)();
            for (kinds, role) in table.roles {
                for kind in kinds.split(' ') {
                    assert_ne!(language.id_for_node_kind(kind, true), 0, "{} has no {kind}", table.language);
                }
                let field = match role {
                    Role::Uses(field) | Role::Defines(_, Name::Field(field) | Name::OfFunction(field)) => field,
                    _ => "",
                };
                let exists = field.is_empty() || language.field_id_for_name(field).is_some();
                assert!(exists, "{} has no field {field}", table.language);
            }
        }
    }

    #[test]
    fn every_grammar_can_be_loaded() {
        for table in TABLES {
            let mut parser = tree_sitter::Parser::new();
            assert!(parser.set_language(&(table.load)()).is_ok(), "{}", table.language);
        }
    }
}
