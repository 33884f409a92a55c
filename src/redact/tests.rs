//! What is taken out of texts, and what is left alone.

use proptest::prelude::*;

use super::*;

/// Puts a token together, so that no scanner takes this file for a leak.
fn token(prefix: &str, length: usize) -> String {
    let body = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY".chars().cycle().take(length);
    prefix.chars().chain(body).collect()
}

#[track_caller]
fn check(text: &str, secret: &str, what: &'static str) {
    assert!(text.contains(secret));
    let (kept, found) = redact(text);
    assert_eq!(kept, text.replace(secret, &format!("[redacted: {what}]")));
    assert_eq!(found, vec![Redaction { what }; text.matches(secret).count()]);
    assert_eq!(redact(&kept).0, kept, "a second pass finds something new");
}

#[track_caller]
fn check_untouched(text: &str) {
    assert_eq!(redact(text), (text.to_owned(), vec![]));
}

#[test]
fn issued_keys_and_tokens_are_taken_out() {
    for (prefix, length, what) in [
        ("ghp_", 36, "GitHub token"),
        ("github_pat_", 82, "GitHub token"),
        ("glpat-", 20, "GitLab token"),
        ("sk-ant-api03-", 95, "Anthropic key"),
        ("sk-proj-", 48, "OpenAI key"),
        ("sk-", 48, "OpenAI key"),
        ("sk-or-v1-", 64, "OpenRouter key"),
        ("sk_live_", 24, "Stripe key"),
        ("xoxb-123456789012-", 24, "Slack token"),
        ("AIza", 35, "Google key"),
        ("npm_", 36, "npm token"),
        ("hf_", 34, "Hugging Face token"),
        ("ya29.", 60, "Google token"),
    ] {
        let secret = token(prefix, length);
        check(&format!("use {secret}, please"), &secret, what);
        check(&format!("KEY={secret}\nand {secret}"), &secret, what);
        check(&format!("{{\"a\":\"x\\n{secret}\"}}"), &secret, what);
        check(&format!("https://x.test/{secret}?y"), &secret, what);
        check(&secret, &secret, what);
    }
    let aws = format!("AKIA{}", "Z7Q2K4M8".repeat(2));
    check(&format!("aws_access_key_id = {aws}"), &aws, "AWS access key");
    let jwt = format!("eyJ{}.eyJ{}.{}", token("", 30), token("", 60), token("", 43));
    check(&format!("Authorization: Bearer {jwt}"), &jwt, "JSON web token");
    let grid = format!("SG.{}.{}", token("", 22), token("", 43));
    check(&format!("key {grid}."), &grid, "SendGrid key");
    let hook = format!("T0AB12CD3/B0AB12CD3/{}", token("", 24));
    check(&format!("https://hooks.slack.com/services/{hook}"), &hook, "Slack webhook");
}

#[test]
fn keys_that_were_typed_by_hand_are_taken_out_too() {
    for text in [
        "my API key is sk-proj-abcdefghijklmnop1234567890abcdefghijklmnop",
        "sk-abcdefghijklmnopqrstuvwxyz123456",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "glpat-abcdefghij1234567890",
    ] {
        let (clean, found) = redact(text);
        assert!(!clean.contains("abcdefghij"), "{clean}");
        assert_eq!(found.len(), 1, "{text}");
    }
}

#[test]
fn random_values_behind_a_telling_name_are_taken_out() {
    let value = token("", 20);
    for text in [
        "password={}",
        "DB_PASSWORD={}",
        "password: {}",
        "\"password\": \"{}\"",
        "apiKey: '{}'",
        "api-key = \"{}\"",
        "client_secret=>\"{}\"",
        "?token={}&x=1",
        "x-api-key: {}",
        "{\\\"secret\\\":\\\"{}\\\"}",
        "config[\"token\"] = \"{}\"",
        "DB_PASSWORD=&quot;{}&quot;",
        "&quot;password&quot;: &quot;{}&quot;",
        "token: &#39;{}&#39;",
    ] {
        let what = redact(&text.replace("{}", &value)).1.first().map(|it| it.what).unwrap_or_default();
        check(&text.replace("{}", &value), &value, what);
        assert!(["password", "secret", "token", "API key"].contains(&what), "{text}");
    }
    check("secret: 9f86d081884c7d659a2feaa0c55ad015", "9f86d081884c7d659a2feaa0c55ad015", "secret");
    check("pwd=Tr0ub4d0r&3", "Tr0ub4d0r", "password");
    check(&format!("curl -H 'Authorization: Bearer {value}'"), &value, "token");
    check("postgres://app:s3cr3t-one@db.test/x", "s3cr3t-one", "password");
}

#[test]
fn passwords_that_people_say_are_taken_out() {
    for (text, secret) in [
        ("The wifi password is hunter22", "hunter22"),
        ("The Wi-Fi password was changed to moonlight-17.", "moonlight-17"),
        ("My password has been changed to hunter22", "hunter22"),
        ("My password is hunter22, keep it safe", "hunter22"),
        ("Passwort: Sommer2024!", "Sommer2024!"),
        ("Das Kennwort ist Winter2025.", "Winter2025"),
        ("mot de passe : Azerty99", "Azerty99"),
        ("La contraseña es Madrid77", "Madrid77"),
        ("password: correct-horse!battery", "correct-horse!battery"),
        ("The PIN is 4821.", "4821"),
        ("password is 83920184", "83920184"),
        ("The password is \"hunter22\" for the router", "hunter22"),
        ("密码: abc12345", "abc12345"),
        ("密码是 Panda#8899", "Panda#8899"),
        ("WiFi的密码是Panda8899。", "Panda8899"),
        ("パスワードは Sakura!2024 です", "Sakura!2024"),
        ("şifre: Galata1905", "Galata1905"),
        ("كلمة المرور: Secret123x", "Secret123x"),
        ("Lösenord: Vinter2025", "Vinter2025"),
        ("password: hunter2secret", "hunter2secret"),
        ("The wifi password is MyPassword99!", "MyPassword99!"),
        ("password: Shadow77", "Shadow77"),
        ("The password is Sharon1984.", "Sharon1984"),
    ] {
        check(text, secret, "password");
    }
}

#[test]
fn passwords_of_something_that_is_named_are_taken_out() {
    for (text, secret) in [
        ("The password for the wifi is Sunfl0wer!22", "Sunfl0wer!22"),
        ("The password of the staging database: tiger77lily", "tiger77lily"),
        ("root password on db-01 is tiger77lily", "tiger77lily"),
        ("Ana's laptop password (work) is tiger77lily.", "tiger77lily"),
        ("password for bob@acme.io is tiger77lily", "tiger77lily"),
        ("Das Passwort für den Server ist Gr3nz!wald", "Gr3nz!wald"),
        ("WLAN-Passwort: geheim123", "geheim123"),
        ("Das Adminpasswort ist geheim123", "geheim123"),
        ("Das PW ist geheim123", "geheim123"),
        ("wifi pass is geheim123", "geheim123"),
        ("WLAN-Schlüssel: 73629184756102938475", "73629184756102938475"),
        ("Die PIN der Karte ist 7391", "7391"),
        ("Le mot de passe du wifi est Ch4ton!Bleu", "Ch4ton!Bleu"),
        ("La contraseña del router es G4to!Azul", "G4to!Azul"),
        ("la clave del wifi es Manzana#99", "Manzana#99"),
        ("La contraseña del wifi es ahora luna456", "luna456"),
        ("Das Passwort des Routers lautet jetzt xyz789", "xyz789"),
        ("La password del server è G4tto!Blu", "G4tto!Blu"),
        ("A senha do wifi é Cach0rro!1", "Cach0rro!1"),
        ("username ana, password hunter22", "hunter22"),
        ("log in as ana with password hunter22", "hunter22"),
        ("Use tiger77lily as the password", "tiger77lily"),
        ("DB_PASS=Tiger77", "Tiger77"),
        ("MYSQL_ROOT_PASSWORD: tiger77", "tiger77"),
        ("passwd: s3cr3t7!", "s3cr3t7!"),
        ("tiger77x is the password", "tiger77x"),
        ("tiger77x is our wifi password", "tiger77x"),
        ("tiger77x ist das Passwort für den Server", "tiger77x"),
        ("4821 is the pin for the door", "4821"),
        ("the wifi key is 8472-tiger-lily", "8472-tiger-lily"),
    ] {
        check(text, secret, "password");
    }
}

#[test]
fn keys_that_people_tell_are_taken_out() {
    let value = token("", 24);
    for (text, what) in [
        ("API key: {}", "API key"),
        ("The API key for billing is {}.", "API key"),
        ("secret key = {}", "API key"),
        ("Our Stripe secret is {}", "secret"),
        ("The access token is {}, until May", "token"),
        ("API-Schlüssel: {}", "API key"),
        ("clé API : {}", "API key"),
    ] {
        check(&text.replace("{}", &value), &value, what);
    }
    let hexadecimal = "1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c";
    check(&format!("twilio auth token is {hexadecimal}"), hexadecimal, "token");
}

#[test]
fn passwords_in_commands_headers_and_addresses_are_taken_out() {
    check("curl -u bob:Fl0werPot9 https://x.test", "Fl0werPot9", "password");
    check("sshpass -p 'Fl0werPot9' ssh bob@x", "Fl0werPot9", "password");
    check("mysql -u root -pTr0ub4dor app", "Tr0ub4dor", "password");
    for (command, secret) in [
        ("mysql -uroot -p'Tr0ub4dor&3' app", "Tr0ub4dor&3"),
        ("mysqldump -u root -ptroubador app", "troubador"),
        ("curl -u bob:flowerpot https://x.test", "flowerpot"),
        ("docker login -u ci -p Fl0werPot9 registry.test", "Fl0werPot9"),
        ("helm registry login -u ci -p Fl0werPot9 registry.test", "Fl0werPot9"),
        ("redis-cli -h cache -a Fl0werPot9 ping", "Fl0werPot9"),
        ("smbclient //nas/share -U bob%Fl0werPot9", "Fl0werPot9"),
        ("PGPASSWORD=tiger77 psql -h db app", "tiger77"),
        ("curl 'https://api.x.com/v1?a=1&b=2' -u ana:Sup3rSecret9", "Sup3rSecret9"),
        ("curl -H 'Accept: text/html; q=1' -u ana:Sup3rSecret9 https://x.com", "Sup3rSecret9"),
        ("mysql -e 'select 1; select 2' -u root -phunter22x", "hunter22x"),
        ("hunter22x ist das WLAN-Passwort", "hunter22x"),
        ("export MYSQL_PWD=tiger77", "tiger77"),
        ("psql \"host=db password=tiger77 dbname=app\"", "tiger77"),
        ("wget --http-password Fl0werPot9 https://x.test", "Fl0werPot9"),
        ("curl -H 'authorization: basic Ym9iOkZsMHdlclBvdDk=' https://x.test", "Ym9iOkZsMHdlclBvdDk="),
    ] {
        check(command, secret, "password");
    }
    check("Authorization: Basic Ym9iOkZsMHdlclBvdDk=", "Ym9iOkZsMHdlclBvdDk=", "password");
    check("redis://:p4ssw0rdX@cache:6379/0", "p4ssw0rdX", "password");
    let discord = format!("M{}.{}.{}", token("", 23), token("", 6), token("", 27));
    check(&format!("the bot has {discord}"), &discord, "Discord token");
    let face = format!("hf_{}", "AbCdEfGhIjKlMnOpQ".repeat(2));
    check(&format!("use {face}"), &face, "Hugging Face token");
    for text in [
        "docker run -u 1000:1000 -p 8080:8080 app1",
        "docker run -u node:node22 app",
        "mysql -h db -p3306 app",
        "cargo test -p carryall2",
        "Basic knowledge of Rust2021 is enough",
        "ssh -p 2222x bob@host",
        "cd mysql && docker run -phttp80:80 app",
        "docker login -u ci -p $TOKEN registry.test",
        "docker login -u name -p password registry.test",
        "mysql -u root -p app",
        "curl -u $USER:$PASS https://x.test",
        "authorization: basic authentication is off",
        "PGPASSWORD=$DB_PASSWORD psql app",
        "if password==entered2 then",
    ] {
        check_untouched(text);
    }
}

#[test]
fn card_numbers_are_taken_out() {
    // Numbers that the issuers publish for tests.
    for number in [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "5555555555554444",
        "378282246310005",
        "3782 822463 10005",
        "6011111111111117",
        "2223003122003222",
    ] {
        check(&format!("The card is {number}, valid until 12/27"), number, "card number");
        check(&format!("{{\"card\":\"{number}\"}}"), number, "card number");
        check(&format!("`filters.{number}` is not one of session_id"), number, "card number");
    }
}

#[test]
fn tokens_of_more_makers_are_taken_out() {
    let vault = format!("hvs.{}", token("", 90));
    check(&format!("export VAULT_TOKEN {vault}"), &vault, "Vault token");
    let bot = format!("123456789:AA{}", token("", 33));
    check(&format!("the bot is {bot}"), &bot, "Telegram token");
    for (prefix, length, what) in [
        ("glrt-", 20, "GitLab token"),
        ("dckr_pat_", 27, "Docker token"),
        ("lin_api_", 40, "Linear key"),
        ("figd_", 40, "Figma token"),
        ("tskey-", 40, "Tailscale key"),
        ("sntrys_", 60, "Sentry token"),
        ("ntn_", 46, "Notion token"),
    ] {
        let secret = token(prefix, length);
        check(&format!("use {secret}, please"), &secret, what);
    }
}

#[test]
fn private_keys_are_taken_out_whole() {
    let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7";
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
        let block = format!("-----BEGIN {label}-----\n{line}\n{line}\n-----END {label}-----");
        check(&format!("before\n{block}\nafter"), &block, "private key");
        let escaped = block.replace('\n', "\\n");
        check(&format!("{{\"key\": \"{escaped}\"}}"), &escaped, "private key");
    }
    let cut = format!("-----BEGIN PRIVATE KEY-----\n{line}\n{line}");
    check(&cut, &cut, "private key");
    let legacy =
        format!("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{line}\n-----END RSA PRIVATE KEY-----");
    check(&legacy, &legacy, "private key");
    assert!(holds_private_key(&legacy));
    for talk in [
        "Files with -----BEGIN PRIVATE KEY----- are skipped.",
        "if text.contains(\"-----BEGIN RSA PRIVATE KEY-----\") && text.contains(\"-----END RSA PRIVATE KEY-----\") {",
        &format!("-----BEGIN CERTIFICATE-----\n{line}\n-----END CERTIFICATE-----"),
        &format!("-----BEGIN PUBLIC KEY-----\n{line}\n-----END PUBLIC KEY-----"),
    ] {
        check_untouched(talk);
        assert!(!holds_private_key(talk));
    }
}

#[test]
fn a_large_text_made_to_slow_it_down_does_not() {
    for part in [
        "token=",
        "password=\"",
        "password=&quot;",
        "-----BEGIN PRIVATE KEY-----",
        "eyJa.",
        "https://u:",
        "\\n",
        "token",
        "password for ",
        "://:",
        "-u a:",
        "as a ",
        "password of a ",
        "curl -p",
        "-u a%",
        "a is the a ",
        "--password ",
        "密码是",
        "a_password-",
    ] {
        assert!(redact(&part.repeat(500_000 / part.len())).1.is_empty(), "{part}");
    }
}

#[test]
fn what_only_looks_random_is_left_alone() {
    let image = "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==";
    for text in [
        "The password is the one we chose in March 2024; the secret: never write it down.",
        "commit 5f2b6c8e9a1d3f4b7c0e2a5d8b1f4c7e0a3d6b9c fixes the token: see there",
        "id 018f3c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f, token=018f3c2e-7b1a-7c3d-9e4f-5a6b7c8d9e0f",
        &format!("<img src=\"data:image/png;base64,{image}\">"),
        "\"integrity\": \"sha512-aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYaB3dE5fG7hJ9==\"",
        "let token = lexer.next_token2(input);",
        "token = theNextPageTokenOfTheSecondList2",
        "\"secret\": \"mySecretForTheStagingServer01\"",
        "token: Option<Sha256Token>,",
        "password: String,",
        "password = os.environ[\"DB_PASSWORD_2\"]",
        "secret: ${{ secrets.NPM_TOKEN_1 }}",
        "api_key = \"YOUR_API_KEY_HERE\"",
        "apiKey: process.env.OPENAI_KEY2,",
        "PASSWORD=changeme",
        "max_tokens = 128000, tokens: 8192",
        "class=\"sk-folding-cube-with-a-long-name-1\" and sk-learn",
        "postgres://user:password@localhost/x and http://127.0.0.1:8080/x@y",
        "AKIA is how they begin; ghp_ too; AIza as well; eyJ.eyJ.x",
        "sk-ant-... or sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "npm_config_registry_and_other_settings_of_npm",
        "hf_model_name_that_is_long_and_speaks_for_itself",
        "passt=1, bypass: 2024-11-21T10:00:00, compass: north",
        "Bearer authentication is described in RFC 6750",
        "日本語のパスワード: とても長い言葉",
        "The password is 12 characters long",
        "The password is stored in the vault2 of the team",
        "password is bcrypt2 hashed",
        "The password policy is: 12 characters, 2 digits",
        "The pin is GPIO 17 of the board",
        "Pin 4821 of the connector",
        "The order number is 4111111111111112",
        "version 4.1111.1111.1111.1111",
        "1700000000000000 ns, 4000000000000 ms, 1234567890123456",
        "4444444444444444",
        "IBAN DE89 3704 0044 0532 0130 00",
        "+49 30 1234 5678 9012, call 5105-1051",
        "2023-10-05 10:00:00 2024-11-21",
        "The pin for the LED is GPIO17",
        "The password for staging was changed on 2026-11-01",
        "The password for user admin42 is expired, we reset it",
        "We log in with password OAuth2 or with a key",
        "They connect with password SCRAM-SHA-256",
        "The pin is 20261128, the day of the release",
        "Bitwarden2 is the best password manager",
        "GPIO17 is the pin",
        "We use KeePass2 as the password manager",
        "We use PBKDF2 as the password hash",
        "Connect the LED and use GPIO17 as the pin",
        "The ski-pass is 120EUR.",
        "The by-pass is route66.",
        "The first-pass is GPT4omini, the second is larger",
        "The API key is stored in 1Password",
        "The key for the cache is user:42:profile1",
        "The token for the next page is in field2",
        "The passwords of 14 users are longer than 12 characters",
        "密码长度至少为12位",
        "Das Passwort muss 12 Zeichen haben",
        "Skeleton32CharactersLongIdentifierXYZ and SKU12345678901234567890123456789012",
    ] {
        check_untouched(text);
    }
}

#[test]
fn passwords_of_programs_and_settings_are_taken_out_where_more_than_a_sign_stands_before_them() {
    let key = token("", 24);
    for (text, secret, what) in [
        ("const DB_PASSWORD: &str = \"hunter22\";", "hunter22", "password"),
        ("static SMTP_PASS: &'static str = \"Zuckerwatte!\";", "Zuckerwatte!", "password"),
        ("export const password: string | null = 'tiger-7712'", "tiger-7712", "password"),
        ("const adminPassword string = `tiger7712`", "tiger7712", "password"),
        ("char password[16] = \"tiger7712\";", "tiger7712", "password"),
        ("config[\"password\"] = \"tiger7712\"", "tiger7712", "password"),
        ("app.config['DB_PASSWORD'] = 'tiger7712'", "tiger7712", "password"),
        ("os.Setenv(\"DB_PASSWORD\", \"tiger7712\")", "tiger7712", "password"),
        ("    .env(\"PGPASSWORD\", \"tiger7712\")", "tiger7712", "password"),
        ("props.setProperty(\"db.password\", \"tiger7712\");", "tiger7712", "password"),
        ("<password>tiger7712</password>", "tiger7712", "password"),
        ("<db_password>tiger7712</db_password>", "tiger7712", "password"),
        ("- name: DB_PASSWORD\n  value: tiger7712\n", "tiger7712", "password"),
        ("- name: DB_PASSWORD\r\n  value: \"tiger7712\"\r\n", "tiger7712", "password"),
        ("{\"name\": \"DB_PASSWORD\", \"value\": \"tiger7712\"}", "tiger7712", "password"),
        ("define( 'DB_PASSWORD', 'tiger7712' );", "tiger7712", "password"),
        (
            "define('AUTH_KEY', '}3 ;z^j|+Q4-$x!7w~0(k9{<uV@2m&?eR%s=Yp#L*b>TgN]hC')",
            "}3 ;z^j|+Q4-$x!7w~0(k9{<uV@2m&?eR%s=Yp#L*b>TgN]hC",
            "API key",
        ),
        ("ds.setPassword(\"tiger7712\");", "tiger7712", "password"),
        ("    .password(\"tiger7712\")", "tiger7712", "password"),
        ("CREATE USER 'app'@'%' IDENTIFIED BY 'tiger7712'", "tiger7712", "password"),
        ("ALTER ROLE app PASSWORD 'tiger7712';", "tiger7712", "password"),
        ("ENV POSTGRES_PASSWORD tiger7712\nRUN x", "tiger7712", "password"),
        ("machine h login bob password tiger7712\n", "tiger7712", "password"),
        ("<add key=\"DbPassword\" value=\"tiger7712\" />", "tiger7712", "password"),
    ] {
        check(text, secret, what);
    }
    check(&format!("let api_key: String = \"{key}\""), &key, "API key");
    check(&format!("- name: AUTH_TOKEN\n  value: {key}\n"), &key, "token");
    check(&format!("SECRET_KEY_BASE={key}"), &key, "secret");
    check(&format!("APP_KEY=base64:{key}="), &format!("base64:{key}="), "secret");
    check(&format!("curl -H 'Authorization: token {key}' x"), &key, "token");
    let webhook = format!("123456789012345678/{}", token("", 68));
    check(&format!("https://discord.com/api/webhooks/{webhook} is it"), &webhook, "Discord webhook");
    for text in [
        "fn login(password: &str, name: &str) -> bool { name == \"admin22\" }",
        "const PASSWORD: &str = \"DB_PASSWORD\";",
        "let fields = [\"password\", \"address1\"];",
        "form.fields(\"password\", \"address1\")",
        "row.set(\"password\", hash(\"sha256\", salt1))",
        "if password != \"tiger7712\" {",
        "assert!(!validate_password(\"short1\"))",
        "SALT = base64.b64decode(settings1.value)",
        "the user is identified by 'id42' only",
        "encryptionKey = arn:aws:kms:us-west-2:111122223333:key/a1b2c3d4-5678",
        "ENV PASSWORD_FILE /run/secrets/db1",
        "<token>number1</token>",
        "<key>name2</key><string>value3</string>",
        "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef: database1\n",
        "| password | value: up to 72 bytes |",
        "password: Optional[str] = None, user = \"ana12345\"",
        "password = user.password_v1",
        "\"AWS::ApiGateway::ApiKey\": \"48205d4ffd7feba3\"",
        "MLKEM768PrivateKey = hpke.MLKEM768X25519PrivateKey",
        "pub fn set_password(this: &HtmlAnchorElement, value: &str);",
        "let next_token: Token = \"identifier1\"",
    ] {
        check_untouched(text);
    }
}

#[test]
fn what_is_shown_of_a_file_has_all_its_lines_and_no_secret() {
    let github = token("ghp_", 36);
    let block =
        format!("-----BEGIN {} KEY-----\n{}\n{}\n-----END PRIVATE KEY-----", "PRIVATE", token("", 64), token("", 64));
    let text = format!(
        "import os\n\npassword = \"hunter2\"\nTOKEN = os.environ[\"GITHUB\"] or \"{github}\"\nCARD = 4012888888881881\n\
         key = \"\"\"{block}\"\"\"\n\n\ndef login(password: str = \"\", token=None):\n    return hash(password)\n"
    );
    let expected = "import os\n\npassword = \"[redacted: password]\"\nTOKEN = os.environ[\"GITHUB\"] or \"[redacted: GitHub token]\"\n\
                    CARD = 4012888888881881\nkey = \"\"\"[redacted: private key]\n\n\n\"\"\"\n\n\n\
                    def login(password: str = \"\", token=None):\n    return hash(password)\n";
    assert_eq!(shown(text.clone()), expected);
    assert_eq!(expected.lines().count(), text.lines().count());
    assert_eq!(shown(expected.to_owned()), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_it(parts in prop::collection::vec(prop_oneof![
        Just("-----BEGIN PRIVATE KEY-----".to_owned()), Just("-----END ".to_owned()), Just("\\n".to_owned()),
        Just("eyJhbGciOi1.".to_owned()), Just("SG.".to_owned()), Just("ya29.".to_owned()), Just("password".to_owned()),
        Just("secret".to_owned()), Just("value: ".to_owned()), Just("</".to_owned()), Just("set(\"".to_owned()),
        Just("://é:".to_owned()), Just("https://u:".to_owned()), Just("hooks.slack.com/services/".to_owned()),
        "[=:\"' ]{1,3}", "[a-zA-Z0-9+/]{0,60}", "\\PC{0,10}",
    ], 0..20)) {
        let text = parts.concat();
        let (kept, found) = redact(&text);
        prop_assert_eq!(found.is_empty(), kept == text);
        prop_assert_eq!(shown(text.clone()).matches('\n').count(), text.matches('\n').count());
    }
}
