using System.Text.RegularExpressions;

namespace AtomicDevOps.Architecture.Tests.Infra;

public sealed partial class ContainerTests
{
    public static TheoryData<string, string> Files { get; } = new()
    {
        { "eng/containers/embedded.Dockerfile", "mcr.microsoft.com/dotnet/aspnet:10.0" },
        { "eng/containers/azure.Dockerfile", "mcr.microsoft.com/azure-functions/dotnet-isolated:4-dotnet-isolated10.0" },
    };

    [Theory, MemberData(nameof(Files))]
    public void An_image_is_built_in_one_stage_and_run_from_another(string file, string runtime) =>
        Instructions(file).Where(instruction => instruction.Name is "FROM").Select(instruction => instruction.Arguments)
            .ShouldBe(["mcr.microsoft.com/dotnet/sdk:10.0 AS build", $"{runtime} AS final"]);

    [Theory, MemberData(nameof(Files))]
    public void The_container_does_not_run_as_root(string file, string runtime)
    {
        runtime.ShouldNotBeEmpty();
        var final = Final(file);

        final.Last(instruction => instruction.Name is "USER").Arguments.ShouldMatch("^[1-9][0-9]*:[1-9][0-9]*$");
        final.SkipWhile(instruction => instruction.Name is not "USER").ShouldAllBe(instruction => instruction.Name != "RUN" && instruction.Name != "COPY");
    }

    [Theory, MemberData(nameof(Files))]
    public void The_image_has_git_and_a_health_check_of_a_route_that_needs_no_key(string file, string runtime)
    {
        runtime.ShouldNotBeEmpty();
        var final = Final(file);

        final.Where(instruction => instruction.Name is "RUN").ShouldContain(instruction => GitPackage.IsMatch(instruction.Arguments));
        var check = final.Single(instruction => instruction.Name is "HEALTHCHECK").Arguments;
        check.ShouldContain("/api/health/live\"");
        check.ShouldContain($":{final.Single(instruction => instruction.Name is "EXPOSE").Arguments}/");
        Repository.Read("src/FunctionApp/SystemHealth/ProbeTriggers.cs").ShouldContain("AuthorizationLevel.Anonymous, \"get\", Route = \"health/live\"");
    }

    /// <summary>A shell as the first process would keep the signal to itself, and the host would be killed in the middle of its work.</summary>
    [Theory, MemberData(nameof(Files))]
    public void The_first_process_is_the_host(string file, string runtime)
    {
        runtime.ShouldNotBeEmpty();
        var start = Final(file).Last(instruction => instruction.Name is "ENTRYPOINT" or "CMD").Arguments;

        start.ShouldBeOneOf("[\"dotnet\", \"AtomicDevOps.FunctionApp.dll\"]", "[\"/azure-functions-host/Microsoft.Azure.WebJobs.Script.WebHost\"]");
    }

    [Theory, MemberData(nameof(Files))]
    public void Nothing_secret_goes_in(string file, string runtime)
    {
        runtime.ShouldNotBeEmpty();
        Instructions(file).Where(instruction => instruction.Name is "ARG" or "ADD").ShouldBeEmpty();
        Instructions(file).Where(instruction => instruction.Name is "ENV" && SecretName.IsMatch(instruction.Arguments)).ShouldBeEmpty();
        Instructions(file).Where(instruction => instruction.Name is "COPY").ShouldAllBe(instruction => !instruction.Arguments.Contains(" . ", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(Files))]
    public void What_is_copied_is_there_and_not_ignored(string file, string runtime)
    {
        runtime.ShouldNotBeEmpty();
        var sources = (from instruction in Instructions(file)
                       where instruction.Name is "COPY" && !instruction.Arguments.StartsWith("--from", StringComparison.Ordinal)
                       from source in instruction.Arguments.Split(' ')[..^1]
                       select source.TrimEnd('/')).ToArray();
        var allowed = Repository.Read(".dockerignore").Split('\n').Where(line => line.StartsWith('!')).Select(line => line[1..]).ToArray();

        sources.Length.ShouldBeGreaterThan(5);
        sources.Where(source => !Path.Exists(Path.Combine(Repository.Root, source))).ShouldBeEmpty();
        sources.Where(source => !allowed.Any(each => string.Equals(each, source, StringComparison.Ordinal) || each.StartsWith(source + "/", StringComparison.Ordinal))).ShouldBeEmpty();
    }

    [Fact]
    public void Nothing_goes_into_an_image_but_what_is_listed()
    {
        var lines = Repository.Read(".dockerignore").Split('\n', StringSplitOptions.RemoveEmptyEntries);

        lines[0].ShouldBe("*");
        lines.ShouldContain("**/local.settings.json");
        lines.ShouldContain("**/obj");
    }

    [Theory, MemberData(nameof(Files))]
    public void Every_setting_of_an_image_is_one_that_something_reads(string file, string runtime)
    {
        runtime.ShouldNotBeEmpty();
        var known = Repository.Read("local.settings.sample.json");
        string[] ofTheBaseImages = ["ASPNETCORE_HTTP_PORTS", "ASPNETCORE_URLS", "HOME", "Logging__Console__FormatterName", "AzureWebJobsScriptRoot", "AzureFunctionsJobHost__Logging__Console__IsEnabled"];

        (from instruction in Final(file)
         where instruction.Name is "ENV"
         from Match match in Variable.Matches(instruction.Arguments)
         let name = match.Groups["name"].Value
         where !ofTheBaseImages.Contains(name, StringComparer.Ordinal) && !known.Contains($"\"{name}\"", StringComparison.Ordinal)
         select name).ShouldBeEmpty();
    }

    [Fact]
    public void The_embedded_image_keeps_everything_in_its_volume()
    {
        var final = Final("eng/containers/embedded.Dockerfile");
        var environment = final.Single(instruction => instruction.Name is "ENV").Arguments;

        final.Single(instruction => instruction.Name is "VOLUME").Arguments.ShouldBe("/data");
        foreach (var setting in (string[])["Host__DataDirectory", "Artifacts__Directory", "Findings__Directory", "Logs__Directory", "Git__Directory"])
        {
            environment.ShouldMatch($@"\b{setting}=/data(/|\s|$)");
        }
    }

    private static (string Name, string Arguments)[] Final(string file) => [.. Instructions(file).Reverse().TakeWhile(instruction => instruction.Name is not "FROM").Reverse()];

    private static IEnumerable<(string Name, string Arguments)> Instructions(string file) =>
        from line in Continued.Replace(Comment.Replace(Repository.Read(file), ""), " ").Split('\n', StringSplitOptions.RemoveEmptyEntries)
        let at = line.IndexOf(' ', StringComparison.Ordinal)
        select (line[..at], line[(at + 1)..].Trim());

    [GeneratedRegex("^#.*$", RegexOptions.Multiline | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Comment { get; }

    [GeneratedRegex(@"\s*\\\n\s*", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Continued { get; }

    [GeneratedRegex(@"(?<=^|\s)(?<name>[A-Za-z_]+)=", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Variable { get; }

    [GeneratedRegex("secret|token|password|privatekey", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex SecretName { get; }

    [GeneratedRegex(@"apt-get install .*\bgit\b", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex GitPackage { get; }
}
