using System.Globalization;
using AtomicDevOps.Activities.Packages;
using AtomicDevOps.Activities.Packages.Manifests;
using AtomicDevOps.Activities.Packages.Versions;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools.Osv;

namespace AtomicDevOps.Activities.Tests.Packages.Corpus;

public sealed class OsvCorpusTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Projects_at_and_around_every_end_of_every_advisory_are_judged_right(bool isHeldOut)
    {
        Guard.NeedsOsvCorpus();
        var corpus = OsvCorpus.Instance;
        var cases = corpus.Cases.Where(each => each.IsHeldOut == isHeldOut).ToArray();
        var wrong = cases.AsParallel().Select(each => (Case: each, Verdict: Judge(corpus, each))).Where(static each => each.Verdict != (each.Case.IsAffected ? OsvVerdict.Affected : OsvVerdict.NotAffected)).ToArray();

        var affected = cases.Count(static each => each.IsAffected);
        var missed = wrong.Count(static each => each.Case.IsAffected);
        var falseAlarms = wrong.Length - missed;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{cases.Select(static each => each.Advisory).Distinct(StringComparer.Ordinal).Count()} advisories, {cases.Length} projects, {affected} affected: recall {1 - (missed / (double)affected):F4}, {falseAlarms} false alarms"));
        affected.ShouldBeGreaterThan(1_000);
        wrong.Take(20).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void At_least_nine_of_ten_vulnerable_projects_for_which_a_fix_is_known_end_verified_fixed(bool isHeldOut)
    {
        Guard.NeedsOsvCorpus();
        var corpus = OsvCorpus.Instance;
        var cases = corpus.Cases.Where(each => each.IsHeldOut == isHeldOut && each is { IsAffected: true, HasFix: true }).DistinctBy(static each => (PythonName.Normalize(each.Package), each.Version)).ToArray();
        var outcomes = cases.AsParallel().Select(each => Fix(corpus, each)).CountBy(static outcome => outcome, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);

        var share = outcomes.GetValueOrDefault("fixed") / (double)cases.Length;
        output.WriteLine($"{cases.Length} projects, {share.ToString("P1", CultureInfo.InvariantCulture)}: {string.Join(", ", outcomes.OrderByDescending(static each => each.Value).Select(static each => $"{each.Value} {each.Key}"))}");
        cases.Length.ShouldBeGreaterThan(1_000);
        share.ShouldBeGreaterThanOrEqualTo(0.90);
        outcomes.ShouldNotContainKey("still affected");
    }

    [Fact]
    public void A_lock_that_takes_an_index_is_never_raised_without_one()
    {
        Guard.NeedsOsvCorpus();
        var corpus = OsvCorpus.Instance;

        foreach (var each in corpus.Cases.Where(static each => each is { IsAffected: true, HasFix: true, IsHeldOut: false }).Where(static (_, index) => index % 500 == 0))
        {
            for (var kind = PythonProject.PinnedKinds; kind < PythonProject.Kinds; kind++)
            {
                var project = PythonProject.Create(kind, each.Package, each.Version);
                var files = project.Repository;
                var dependency = Find(DependencyFiles.Read(files), each);
                if (LeastFixed.Find(dependency, [.. corpus.OfPackage[PythonName.Normalize(each.Package)]]).Version is { } version)
                {
                    var edit = DependencyEditor.Raise(files, new DependencyRaise(dependency, version));

                    edit.Results.ShouldHaveSingleItem().Outcome.ShouldBe(DependencyRaiseOutcome.NeedsIndex, project.Kind);
                    edit.Files.ShouldNotContain(file => file.Path.EndsWith("lock", StringComparison.Ordinal));
                }
            }
        }
    }

    private static OsvVerdict Judge(OsvCorpus corpus, OsvCase each)
    {
        var report = DependencyFiles.Read((PythonVersion.TryParse(each.Version, out _) ? PythonProject.Create(each.Index % PythonProject.Kinds, each.Package, each.Version) : PythonProject.OfAnyText(each.Package, each.Version)).Repository);
        var record = corpus.Records[each.Advisory];
        var other = report.Dependencies.Single(static dependency => dependency.Name is "zz-other");
        if (OsvEvaluation.Evaluate(record, other.Ecosystem, other.Name, other.Version!) != OsvVerdict.NotAffected)
        {
            return OsvVerdict.Unknown;
        }

        var dependency = Find(report, each);
        return OsvEvaluation.Evaluate(record, dependency.Ecosystem, dependency.Name, dependency.Version ?? string.Empty);
    }

    private static string Fix(OsvCorpus corpus, OsvCase each)
    {
        var project = PythonProject.Create(each.Index % PythonProject.PinnedKinds, each.Package, each.Version);
        var files = project.Repository;
        var dependency = Find(DependencyFiles.Read(files), each);
        var records = corpus.OfPackage[PythonName.Normalize(each.Package)].ToArray();
        var fix = LeastFixed.Find(dependency, records);
        if (fix.Version is null)
        {
            return $"without a version: {fix.Outcome}";
        }

        var edit = DependencyEditor.Raise(files, new DependencyRaise(dependency, fix.Version) { Hashes = [$"sha256:{new string('1', 64)}"] });
        if (edit.Results.Single().Outcome != DependencyRaiseOutcome.Raised)
        {
            return $"not edited: {edit.Results.Single().Outcome} in {project.Kind}";
        }

        var changed = edit.Files.ToDictionary(static file => file.Path, static file => file.Content, StringComparer.Ordinal);
        var after = Find(DependencyFiles.Read(InMemoryRepositoryFiles.OfText(project.Files.Select(file => KeyValuePair.Create(file.Path, changed.GetValueOrDefault(file.Path, file.Text))))), each);
        return records.All(record => OsvEvaluation.Evaluate(record, after.Ecosystem, after.Name, after.Version ?? string.Empty) == OsvVerdict.NotAffected) ? "fixed" : "still affected";
    }

    private static PackageDependency Find(DependencyReport report, OsvCase each) =>
        report.Dependencies.Single(dependency => string.Equals(dependency.Name, each.Package, StringComparison.Ordinal));
}
