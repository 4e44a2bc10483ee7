using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Orchestrations.Pipelines;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Orchestrations.Tests.Pipelines;

public sealed class RunIdTests
{
    private static readonly string[] Parts = ["dev", "scm", "ci", "merge", "report", "authorize", "show", "shown", "sweep", "sec:look", "sec:escalate", "sec:upload", "fix:propose", "fix0:publish"];

    private static Gen<string> Name(int longest) =>
        from length in Gen.OneOf(Gen.Choose(1, 3), Gen.Choose(1, longest))
        from text in Gen.Elements("abXYZ019-_".ToCharArray()).ArrayOf(length)
        select $"a{new string(text)}"[..length];

    private static Gen<RepositoryName> Repositories => from owner in Name(100) from name in Name(100) select new RepositoryName(owner, name);

    private static Gen<int> Numbers => Gen.OneOf(Gen.Choose(1, 20), Gen.Choose(1, int.MaxValue), Gen.Constant(int.MaxValue));

    private static Gen<string> Keys => Gen.OneOf(
        ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => text.Get),
        ArbMap.Default.GeneratorFor<Guid>().Select(guid => guid.ToString("N")),
        Gen.Elements("0123456789abcdef".ToCharArray()).ArrayOf(40).Select(digits => new string(digits)));

    [Fact]
    public void An_id_is_short_and_plain_with_every_part() => Prop.ForAll(
        (from repository in Repositories from number in Numbers from key in Keys select (repository, number, key)).ToArbitrary(),
        work =>
        {
            foreach (var run in new[] { RunId.ForPullRequest(work.repository, work.number, work.key), RunId.ForPush(work.repository, work.key), RunId.ForSweep(work.repository, work.key) })
            {
                run.ShouldStartWith(RunId.ForRepository(work.repository));
                foreach (var part in Parts.Select(part => RunId.Part(run, part)))
                {
                    part.Length.ShouldBeLessThanOrEqualTo(100);
                    part.ShouldAllBe(character => char.IsAsciiLetterOrDigit(character) || ":-_.~".Contains(character));
                    RunId.IsPartOf(run, part).ShouldBeTrue();
                    RunId.IsPartOf(part, run).ShouldBeFalse();
                }

                RunId.IsPartOf(run, run).ShouldBeFalse();
                RunId.IsPartOf(run, $"{run}0:dev").ShouldBeFalse();
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Different_work_has_different_ids_and_no_query_catches_another_s() => Prop.ForAll(
        (from one in Repositories
         from other in Gen.OneOf(Repositories, Gen.Constant(one), Gen.Constant(new RepositoryName(one.Owner, $"{one.Name}2"[^Math.Min(100, one.Name.Length + 1)..])))
         from number in Numbers
         from second in Gen.OneOf(Numbers, Gen.Constant(number))
         from key in Keys
         from secondKey in Gen.OneOf(Keys, Gen.Constant(key))
         select (One: (Repository: one, Number: number, Key: key), Other: (Repository: other, Number: second, Key: secondKey))).ToArbitrary(),
        work =>
        {
            var (one, other) = work;
            var samePullRequest = one.Repository == other.Repository && one.Number == other.Number;
            var id = RunId.ForPullRequest(one.Repository, one.Number, one.Key);
            var otherId = RunId.ForPullRequest(other.Repository, other.Number, other.Key);
            string.Equals(id, otherId, StringComparison.Ordinal).ShouldBe(samePullRequest && string.Equals(one.Key, other.Key, StringComparison.Ordinal));
            otherId.StartsWith(RunId.ForPullRequest(one.Repository, one.Number), StringComparison.Ordinal).ShouldBe(samePullRequest);
            RunId.ForPush(one.Repository, other.Key).StartsWith(RunId.ForPullRequest(one.Repository, one.Number), StringComparison.Ordinal).ShouldBeFalse();
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Upper_and_lower_case_of_a_repository_are_the_same() =>
        RunId.ForPullRequest(new RepositoryName("Octo", "HELLO"), 1, "k").ShouldBe(RunId.ForPullRequest(new RepositoryName("octo", "hello"), 1, "k"));
}
