using AtomicDevOps.Activities.Tools.Artifacts;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Tools.Artifacts;

public sealed class ArtifactKeyTests
{
    [Fact]
    public void Every_text_makes_a_valid_segment_of_its_own() => Prop
        .ForAll(ArbMap.Default.ArbFor<NonEmptyString>(), ArbMap.Default.ArbFor<NonEmptyString>(), (first, second) =>
        {
            var (a, b) = (ArtifactKey.Segment(first.Get), ArtifactKey.Segment(second.Get));
            ArtifactKey.Validate($"{a}/{b}");
            return !a.Contains('/', StringComparison.Ordinal)
                && string.Equals(a, b, StringComparison.Ordinal) == string.Equals(first.Get, second.Get, StringComparison.Ordinal);
        })
        .QuickCheckThrowOnFailure();
}
