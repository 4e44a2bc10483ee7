using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Activities.Tools.Wapiti;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.Wapiti;

public sealed class WapitiCliTests
{
    private const string Output = "[*] Wapiti found 3 URLs and forms during the scan\n";

    private static readonly Uri Target = new("http://127.0.0.1:8000/shop/index.html");

    private static readonly byte[] Report = Encoding.UTF8.GetBytes(WapitiReportTests.Report("SQL Injection", WapitiReportTests.Entry()));

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_scan_keeps_to_the_folder_of_its_target_and_names_nobody_else()
    {
        var (_, command) = await ScanAsync(new WapitiScan(Target, WapitiScanMode.Full) { Timeout = TimeSpan.FromSeconds(110) }, Ended(0));

        Pairs(command.Arguments).ShouldBe(
            [
                ("--url", "http://127.0.0.1:8000/shop/"),
                ("--start", "http://127.0.0.1:8000/shop/index.html"),
                ("--scope", "folder"),
                ("--module", "cookieflags,csp,http_headers,blindsql,crlf,exec,file,permanentxss,redirect,sql,xss"),
                ("--max-scan-time", "22"),
                ("--max-attack-time", "7"),
                ("--endpoint", "http://127.0.0.1:8000/shop/"),
                ("--store-session", "/scratch/session"),
                ("--store-config", "/scratch/config"),
                ("--verify-ssl", "0"),
                ("--verbose", "0"),
                ("--format", "json"),
                ("--output", "/scratch/report.json"),
            ]);
        command.Arguments.ShouldContain("--flush-session");
        command.Arguments.ShouldContain("--no-bugreport");
        command.Environment.Keys.Order(StringComparer.Ordinal).ShouldBe(["HOME", "LANG", "LC_ALL", "PYTHONDONTWRITEBYTECODE", "TMPDIR"]);
        command.Timeout.ShouldBe(TimeSpan.FromSeconds(110));
    }

    [Fact]
    public async Task A_baseline_scan_attacks_nothing()
    {
        var (_, command) = await ScanAsync(new WapitiScan(Target, WapitiScanMode.Baseline), Ended(0));

        Pairs(command.Arguments).ShouldContain(("--module", "cookieflags,csp,http_headers"));
        command.Timeout.ShouldBe(new WapitiOptions().BaselineTimeout);
    }

    [Theory]
    [InlineData("http://example.com/")]
    [InlineData("http://10.0.0.1/")]
    [InlineData("http://127.0.0.1.example.com/")]
    [InlineData("http://user:password@127.0.0.1/")]
    [InlineData("http://127.0.0.1/?next=http://example.com/")]
    [InlineData("http://127.0.0.1/#part")]
    [InlineData("ftp://127.0.0.1/")]
    [InlineData("file:///etc/passwd")]
    public async Task A_target_that_is_not_on_this_machine_is_refused_before_anything_runs(string target)
    {
        var scan = new WapitiScan(new Uri(target), WapitiScanMode.Full);

        var refusal = await Should.ThrowAsync<ToolException>(() => Cli().ScanAsync(scan, new WapitiHost("/scratch", (_, _) => throw new InvalidOperationException("It ran.")), Cancelled));

        refusal.Message.ShouldContain("Nothing was sent.");
    }

    [Theory]
    [InlineData(WapitiScanMode.Baseline, "sql")]
    [InlineData(WapitiScanMode.Full, "ssrf")]
    [InlineData(WapitiScanMode.Full, "nikto")]
    [InlineData(WapitiScanMode.Full, "sql,-all")]
    public async Task A_module_that_is_not_the_modes_is_refused(WapitiScanMode mode, string module)
    {
        var refusal = await Should.ThrowAsync<ToolException>(() => ScanAsync(new WapitiScan(Target, mode) { Modules = [module] }, Ended(0)));

        refusal.Message.ShouldContain($"'{module}' is no module of a {mode} scan; right would be any of cookieflags");
    }

    [Theory]
    [InlineData("", ScanOutcome.Checked, null)]
    [InlineData("Max scan time was reached, stopping.\n", ScanOutcome.PartlyChecked, "It ran out of time before it had followed every link.")]
    [InlineData("Max attack time was reached for module sql, stopping.\n", ScanOutcome.PartlyChecked, "It ran out of time for sql.")]
    [InlineData("[!] Unable to find a module named crlf\n", ScanOutcome.PartlyChecked, "This version has no working module crlf.")]
    [InlineData("12 requests were skipped due to network issues\n", ScanOutcome.PartlyChecked, "The application did not answer some requests.")]
    [InlineData("KeyError x\n  File \"/usr/lib/python3/dist-packages/wapitiCore/main/wapiti.py\", line 388, in attack\n", ScanOutcome.PartlyChecked, "One of its modules failed.")]
    public async Task What_was_left_out_is_read_from_the_output(string output, ScanOutcome outcome, string? reason)
    {
        var (report, _) = await ScanAsync(Scan, Ended(0) with { Output = Output + output });

        (report.Outcome, report.Reason).ShouldBe((outcome, reason));
        report.Findings.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Output_that_was_cut_may_have_said_more()
    {
        var (report, _) = await ScanAsync(Scan, Ended(0) with { OutputIsWhole = false });

        report.Outcome.ShouldBe(ScanOutcome.PartlyChecked);
    }

    public static TheoryData<WapitiRun, string> Failures { get; } = new()
    {
        { Ended(2) with { Output = "Invalid argument for option -x : y" }, "It failed with exit code 2: Invalid argument for option -x : y" },
        { Ended(0) with { Report = null, Output = "[!] Can't store informations in persister." }, "It wrote no report of at most 16 MiB: [!] Can't store informations in persister." },
        { Ended(0) with { Output = "[*] Wapiti found 0 URLs and forms during the scan\n" }, "Nothing answered at the target." },
        { Ended(0) with { Ending = ProcessEnding.TimedOut, ExitCode = null }, "It did not end within 900 s." },
        { Ended(0) with { Ending = ProcessEnding.OutOfMemory, ExitCode = null }, "It was ended: OutOfMemory." },
    };

    [Theory, MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public async Task A_scan_that_fails_is_not_checked(WapitiRun run, string reason)
    {
        var (report, _) = await ScanAsync(Scan, run);

        (report.Outcome, report.Reason).ShouldBe((ScanOutcome.NotChecked, reason));
        report.Findings.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_program_that_is_missing_is_not_checked()
    {
        var cli = new WapitiCli(RealTools.Processes, Options.Create(new WapitiOptions { Program = "/nowhere/wapiti" }), RealTools.Redactor);

        (await cli.FindVersionAsync(Cancelled)).ShouldBeNull();
        var report = await cli.ScanAsync(Scan, Cancelled);

        report.Outcome.ShouldBe(ScanOutcome.NotChecked);
        report.Reason.ShouldNotBeNull().ShouldContain(WapitiCli.InstallHint);
    }

    [Fact]
    public async Task The_real_program_finds_what_is_there_and_asks_nobody_else()
    {
        Guard.NeedsProgram("/usr/bin/wapiti");
        await using var other = new Site(_ => "elsewhere");
        await using var site = new Site(request => request.Url!.AbsolutePath switch
        {
            "/" => $"<a href='/greet?name=you'>greet</a> <a href='{other.Address}one'>other port</a>",
            "/greet" => $"<p>Hello {request.QueryString["name"]}</p>",
            _ => "nothing",
        });
        var cli = new WapitiCli(RealTools.Processes, Options.Create(new WapitiOptions()), RealTools.Redactor);
        var scan = new WapitiScan(site.Address, WapitiScanMode.Full) { Modules = ["csp", "xss"], Timeout = TimeSpan.FromSeconds(60) };

        (await cli.FindVersionAsync(Cancelled)).ShouldNotBeNull().ShouldStartWith("Wapiti ");
        var report = await cli.ScanAsync(scan, Cancelled);

        report.Outcome.ShouldBe(ScanOutcome.Checked, report.Reason);
        report.Findings.Select(finding => (finding.Location.Path, finding.Weaknesses[0])).Order().ShouldBe([("/", "CWE-693"), ("/greet?name", "CWE-79")]);
        site.Asked.ShouldNotBeEmpty();
        other.Asked.ShouldBeEmpty();
    }

    private static WapitiScan Scan { get; } = new(Target, WapitiScanMode.Full);

    private static WapitiRun Ended(int exitCode) => new(ProcessEnding.Exited, exitCode, Output, OutputIsWhole: true, Report);

    private static WapitiCli Cli() => new(RealTools.Processes, Options.Create(new WapitiOptions()), RealTools.Redactor);

    private static async Task<(ScanReport Report, WapitiCommand Command)> ScanAsync(WapitiScan scan, WapitiRun run)
    {
        WapitiCommand? sent = null;
        var host = new WapitiHost("/scratch", (command, _) =>
        {
            sent = command;
            return Task.FromResult(run);
        });
        var report = await Cli().ScanAsync(scan, host, Cancelled);
        return (report, sent.ShouldNotBeNull());
    }

    private static IEnumerable<(string Name, string Value)> Pairs(IReadOnlyList<string> arguments) =>
        arguments.Zip(arguments.Skip(1)).Where(pair => pair.First.StartsWith("--", StringComparison.Ordinal) && !pair.Second.StartsWith("--", StringComparison.Ordinal));

    /// <summary>A web site on a free port, which keeps what it was asked.</summary>
    private sealed class Site : IAsyncDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly Task _serving;

        public Site(Func<HttpListenerRequest, string> answer)
        {
            using (var free = new TcpListener(IPAddress.Loopback, 0))
            {
                free.Start();
                Address = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
            }

            _listener.Prefixes.Add(Address.AbsoluteUri);
            _listener.Start();
            _serving = ServeAsync(answer);
        }

        public Uri Address { get; }

        public ConcurrentQueue<string> Asked { get; } = new();

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _listener.Close();
        }

        private async Task ServeAsync(Func<HttpListenerRequest, string> answer)
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                Asked.Enqueue(context.Request.RawUrl ?? "");
                context.Response.ContentType = "text/html";
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(answer(context.Request)));
                context.Response.Close();
            }
        }
    }
}
