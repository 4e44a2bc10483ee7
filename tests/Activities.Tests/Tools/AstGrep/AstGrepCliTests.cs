using System.Globalization;
using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tests.Tools.CodeScanning;
using AtomicDevOps.Activities.Tools.AstGrep;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.AstGrep;

public sealed class AstGrepCliTests : IDisposable
{
    // Put together here, so that no scanner takes this file for one with secrets in it.
    private const string Secret = "correct-horse" + "-battery";

    private static readonly (string Extension, string Prefix)[] Dialects =
        [("js", "javascript"), ("jsx", "javascript"), ("mjs", "javascript"), ("cjs", "javascript"), ("ts", "typescript"), ("mts", "typescript"), ("cts", "typescript"), ("tsx", "tsx")];

    private static readonly (string Rule, string[] Found, string[] Left)[] Python =
    [
        ("sql-injection",
            [
                "cursor.execute(f\"SELECT * FROM users WHERE name = '{name}'\")",
                "db.execute(\"DELETE FROM users WHERE id = \" + id)",
                "cursor.execute(\"SELECT * FROM users WHERE id = %s\" % id)",
                "cursor.execute(\"SELECT * FROM users WHERE id = {}\".format(id))",
                "User.objects.raw(f\"select * from users where id = {id}\")",
            ],
            [
                "cursor.execute(\"SELECT * FROM users WHERE name = ?\", (name,))",
                "cursor.execute(\"SELECT * \" \"FROM users\")",
                "cursor.execute(\"SELECT * \" + \"FROM users\")",
                "logger.info(f\"select {name}\")",
                "task.execute(f\"step {name}\")",
            ]),
        ("command-injection",
            [
                "os.system(\"ls \" + path)",
                "os.popen(f\"ls {path}\")",
                "subprocess.run(f\"ls {path}\", shell=True)",
                "subprocess.check_output(\"ls {}\".format(path), shell=True)",
                "subprocess.getoutput(\"ls %s\" % path)",
                "os.system(command)",
                "subprocess.run(command, shell=True)",
                "Popen(options.command, stdout=PIPE, shell = True)",
            ],
            ["os.system(\"ls\")", "subprocess.run([\"ls\", path])", "subprocess.run(\"ls\", shell=True)", "subprocess.run(f\"ls {path}\", shell=False)", "subprocess.run(command)", "run(command)"]),
        ("hard-coded-secret",
            [
                $"password = \"{Secret}\"", $"settings.api_key = '{Secret}'", $"connect(password=\"{Secret}\")", $"config = {{\"db_password\": \"{Secret}\"}}", $"DB_PASSWORD = \"{Secret}\"",
                $"jwt.encode(claims, \"{Secret}\", algorithm=\"HS256\")",
            ],
            [
                "password = os.environ[\"PASSWORD\"]", "password = \"changeme\"", "password = \"short\"", "password = \"<your password>\"", "password = f\"{prefix}-horse-battery\"",
                "password_field = \"correct-horse\"", "message = \"correct-horse-battery\"", "api_key = \"https://example.org/key\"", "jwt.encode(claims, key)",
            ]),
        ("certificate-not-verified",
            ["requests.get(url, verify=False)", "session.post(url, data=data, verify=False)", "httpx.get(url, verify=False)"],
            ["requests.get(url)", "requests.get(url, verify=True)", "requests.get(url, verify=\"ca.pem\")", "check(verify=False)"]),
        ("unsafe-yaml",
            ["yaml.load(text)", "yaml.load(text, Loader=yaml.Loader)", "yaml.load(text, yaml.UnsafeLoader)", "yaml.load_all(text)"],
            ["yaml.safe_load(text)", "yaml.load(text, Loader=yaml.SafeLoader)", "yaml.load(text, yaml.CSafeLoader)", "json.load(text)"]),
        ("flask-debug", ["app.run(debug=True)", "app.run(host=\"127.0.0.1\", debug = True)"], ["app.run()", "app.run(debug=False)", "configure(debug=True)"]),
        ("sql-text",
            [
                "query = f\"SELECT * FROM users WHERE name = '{name}'\"",
                "query = \"DELETE FROM users WHERE id = \" + id",
                "query = \"UPDATE users SET name = '%s'\" % name",
                "self.query = \"INSERT INTO users VALUES ('{}')\".format(name)",
            ],
            ["query = \"SELECT * FROM users\"", "query = \"SELECT * \" + \"FROM users\"", "text = f\"select a colour, {name}\"", "title = \"Update \" + name"]),
        ("code-injection",
            ["eval(text)", "exec(compile(source, name, 'exec'))", "builtins.eval(f\"{a} + 1\")"],
            ["eval(\"1 + 1\")", "model.eval()", "frame.eval(text)", "ast.literal_eval(text)", "cursor.execute(text)"]),
        ("unsafe-deserialization",
            ["pickle.loads(data)", "cPickle.load(file)", "dill.load(file)", "marshal.loads(data)", "shelve.open(path)", "pd.read_pickle(path)", "jsonpickle.decode(text)"],
            ["json.loads(data)", "pickle.dumps(data)", "tools.load(file)", "np.load(path)"]),
        ("weak-hash",
            ["hashlib.md5(data)", "hashlib.sha1(data).hexdigest()", "md5(data)", "hashlib.new(\"MD5\", data)", "hashlib.new('sha1')"],
            ["hashlib.sha256(data)", "hashlib.md5(data, usedforsecurity=False)", "hashlib.new(\"sha512\")", "tools.md5(data)"]),
        ("template-without-escapes",
            ["jinja2.Environment(loader=loader)", "Environment(loader=loader)", "Environment(autoescape=False)", "jinja2.Environment(loader=loader, autoescape = False)"],
            ["jinja2.Environment(autoescape=True)", "Environment(loader=loader, autoescape=select_autoescape())", "Environment(tools=[tool])", "jinja2.Environment(**options)"]),
        ("insecure-temporary-file", ["tempfile.mktemp()", "mktemp(suffix=\".txt\")"], ["tempfile.mkstemp()", "tempfile.NamedTemporaryFile()", "tools.mktemp()"]),
    ];

    private static readonly (string Rule, string[] Found, string[] Left)[] JavaScript =
    [
        ("code-injection", ["eval(text);", "window.eval(text);", "globalThis.eval(a + b);", "const f = new Function('a', text);", "setTimeout(`run(${name})`, 10);", "window.setInterval('run(' + name + ')', 10);"],
            ["setTimeout(run, 10);", "setTimeout('run()', 10);", "eval('1');", "evaluate(text);", "retrieval(text);", "new Thing(text);"]),
        ("command-injection",
            ["exec(`ls ${path}`);", "child_process.exec('ls ' + path);", "cp.execSync(\"ls \" + path);", "child_process.exec(command);", "execSync(options.command);", "spawn(command, [], { shell: true });", "cp.spawnSync(`${tool}`, { shell: true });"],
            ["spawn(command, []);", "spawn('ls', { shell: true });", "execFile(tool, []);", "exec(command);", "execFile('ls', [path]);", "exec('ls');", "exec(`ls`);", "pattern.exec(text);"]),
        ("sql-injection",
            ["db.query(`SELECT * FROM users WHERE id = ${id}`);", "connection.execute('DELETE FROM users WHERE id = ' + id);", "db.all(\"select * from users where id = \" + id);"],
            ["db.query('SELECT * FROM users WHERE id = ?', [id]);", "db.query(`SELECT * FROM users`);", "router.get(`/users/${id}`);", "console.log(`select ${id}`);"]),
        ("sql-text",
            ["const query = `SELECT * FROM users WHERE id = ${id}`;", "this.query = \"DELETE FROM users WHERE id = \" + id;", "let q = 'UPDATE users SET name = ' + escape(name);"],
            ["const query = `SELECT * FROM users`;", "const q = 'SELECT * ' + 'FROM users';", "const p = sql`SELECT * FROM users WHERE id = ${id}`;", "const text = `Select a colour, ${name}`;"]),
        ("weak-hash",
            ["crypto.createHash('md5');", "createHash(\"SHA1\").update(data);"],
            ["crypto.createHash('sha256');", "createHash(name);", "hash('md5');"]),
        ("cross-site-scripting",
            ["element.insertAdjacentHTML('beforeend', text);", "element.innerHTML = text;", "element.outerHTML = `<b>${text}</b>`;", "document.write(text);"],
            ["element.insertAdjacentHTML('beforeend', '<hr>');", "element.innerHTML = '';", "element.textContent = text;", "document.write('<hr>');", "file.write(text);"]),
        ("certificate-not-verified",
            ["const a = new https.Agent({ rejectUnauthorized: false });", "const b = { 'rejectUnauthorized': false };", "const c = { strictSSL: false };", "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';", "process.env[\"NODE_TLS_REJECT_UNAUTHORIZED\"] = 0;"],
            ["process.env.NODE_TLS_REJECT_UNAUTHORIZED = '1';", "process.env.OTHER = '0';", "const a = { rejectUnauthorized: true };", "const b = { rejectUnauthorized: strict };"]),
        ("hard-coded-secret",
            [$"const password = '{Secret}';", $"config.apiKey = \"{Secret}\";", $"const c = {{ secretKey: '{Secret}' }};", $"const d = {{ 'api_key': '{Secret}' }};", $"jwt.sign(claims, '{Secret}');", $"crypto.createHmac('sha256', '{Secret}');"],
            ["const password = process.env.PASSWORD;", "const password = 'changeme';", "const password = 'short';", "const label = 'correct-horse-battery';", "const c = { apiKey: 'https://example.org/key' };", "jwt.sign(claims, key);", "crypto.createHmac('sha256', key);"]),
    ];

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Every_rule_finds_its_lines_in_every_dialect_and_leaves_the_others()
    {
        var grep = Client(Guard.NeedsAstGrep());
        var expected = new List<string>();
        Write(Python, "python", "py", expected);
        foreach (var (extension, prefix) in Dialects)
        {
            Write(JavaScript, prefix, extension, expected);
        }

        var report = await grep.ScanAsync(_directory.Combine("source"), Token);

        report.Outcome.ShouldBe(ScanOutcome.Checked, report.Reason);
        report.Findings.Select(finding => $"{finding.Location.Path}:{finding.Location.StartLine.ToString(CultureInfo.InvariantCulture)}").Order(StringComparer.Ordinal)
            .ShouldBe(expected.Order(StringComparer.Ordinal));
        report.Findings.ShouldAllBe(finding => finding.Location.Path.StartsWith(finding.Evidence[0].Rule + ".", StringComparison.Ordinal));
        report.Findings.ShouldAllBe(finding => finding.Weaknesses.Count == 1 && finding.Severity >= FindingSeverity.Medium);
        report.Findings.Where(finding => finding.Kind == FindingKind.Secret).ShouldNotBeEmpty();
        JsonSerializer.Serialize(report).ShouldNotContain(Secret);
    }

    [Fact]
    public async Task The_version_tells_of_the_rules_too()
    {
        var program = ScriptedProgram.Write(_directory, "ast-grep", "case \"$1\" in --version) echo 'ast-grep 9.9.9';; *) echo '[]';; esac");

        (await Client(program).FindVersionAsync(Token)).ShouldNotBeNull().Key.ShouldMatch("^9\\.9\\.9\\+rules\\.[0-9a-f]{12}$");
        (await Client(program).ScanAsync(_directory.Path, Token)).Outcome.ShouldBe(ScanOutcome.Checked);
    }

    [Theory]
    [InlineData("echo nonsense")]
    [InlineData("""echo '{"matches":1}'""")]
    [InlineData("""echo '[{"ruleId":null}]'""")]
    [InlineData("exit 8")]
    public async Task A_scan_that_fails_or_prints_nonsense_has_not_checked(string script)
    {
        var program = ScriptedProgram.Write(_directory, "ast-grep", $"case \"$1\" in --version) echo 'ast-grep 9.9.9';; *) {script};; esac");

        (await Client(program).ScanAsync(_directory.Path, Token)).Outcome.ShouldBe(ScanOutcome.NotChecked);
    }

    [Fact]
    public async Task A_program_that_is_missing_has_not_checked() =>
        (await Client("/nowhere/ast-grep").ScanAsync(_directory.Path, Token)).Reason.ShouldNotBeNull().ShouldContain("npm install");

    private static AstGrepCli Client(string program) => new(RealTools.Processes, Options.Create(new AstGrepOptions { Program = program, Timeout = TimeSpan.FromMinutes(1) }));

    /// <summary>One file for each rule: the lines that have to be found, then the others.</summary>
    private void Write((string Rule, string[] Found, string[] Left)[] rules, string prefix, string extension, List<string> expected)
    {
        Directory.CreateDirectory(_directory.Combine("source"));
        foreach (var (rule, found, left) in rules)
        {
            var file = $"{prefix}-{rule}.{extension}";
            File.WriteAllLines(_directory.Combine("source", file), [.. found, .. left]);
            expected.AddRange(Enumerable.Range(1, found.Length).Select(line => string.Create(CultureInfo.InvariantCulture, $"{file}:{line}")));
        }
    }
}
