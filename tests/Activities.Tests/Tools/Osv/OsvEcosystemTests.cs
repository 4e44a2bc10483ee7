using AtomicDevOps.Activities.Tools.Osv;

namespace AtomicDevOps.Activities.Tests.Tools.Osv;

/// <summary>A record of each ecosystem, in the way in which its database writes them.</summary>
public sealed class OsvEcosystemTests
{
    [Theory]
    [InlineData("npm", "lodash", "SEMVER", "0", "4.17.21", "4.17.20 4.17.21-beta.1 0.0.1", "4.17.21 5.0.0-0")]
    [InlineData("NuGet", "newtonsoft.json", "ECOSYSTEM", "0", "13.0.1", "12.0.3 13.0.0.9 13.0.1-beta1", "13.0.1 13.0.1.0 13.0.1.1")]
    [InlineData("Go", "golang.org/x/text", "SEMVER", "0", "0.3.7", "v0.3.6 v0.0.0-20170915032832-14c0d48ead0c v0.3.7-0.20200101000000-abcdefabcdef", "v0.3.7 v0.4.0 v1.0.0+incompatible")]
    [InlineData("crates.io", "time", "SEMVER", "0.2.7", "0.2.23", "0.2.7 0.2.22", "0.2.6 0.2.23 0.3.0")]
    [InlineData("Maven", "org.apache.logging.log4j:log4j-core", "ECOSYSTEM", "2.0-beta9", "2.15.0", "2.0-beta9 2.0-rc1 2.14.1 2.15.0-rc1", "2.0-beta8 2.15.0 2.15")]
    [InlineData("Debian:12", "openssl", "ECOSYSTEM", "0", "3.0.11-1~deb12u2", "3.0.11-1~deb12u1 3.0.9-1", "3.0.11-1~deb12u2 3.0.11-1 1:0.1")]
    public void A_version_is_judged_by_its_ecosystem_s_order(string ecosystem, string package, string type, string introduced, string @fixed, string affected, string clean)
    {
        var record = OsvRecordReader.Read($$"""
            {"id":"X-1","affected":[{"package":{"ecosystem":"{{ecosystem}}","name":"{{package}}"},"ranges":[{"type":"{{type}}","events":[{"introduced":"{{introduced}}"},{"fixed":"{{@fixed}}"}]}]}]}
            """);

        affected.Split(' ').ShouldAllBe(version => OsvEvaluation.Evaluate(record, ecosystem, package, version) == OsvVerdict.Affected);
        clean.Split(' ').ShouldAllBe(version => OsvEvaluation.Evaluate(record, ecosystem, package, version) == OsvVerdict.NotAffected);
        OsvEvaluation.FirstFixed(record, ecosystem, package, affected.Split(' ')[0]).ShouldBe(@fixed);
    }

    [Fact]
    public void A_range_of_semantic_versions_is_compared_as_such_in_any_ecosystem()
    {
        var record = OsvRecordReader.Read("""
            {"id":"X-1","affected":[{"package":{"ecosystem":"Maven","name":"g:a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0-foo"},{"fixed":"1.0.0"}]}]}]}
            """);

        OsvEvaluation.Evaluate(record, "Maven", "g:a", "1.0.0-zebra").ShouldBe(OsvVerdict.Affected);
        OsvEvaluation.Evaluate(record, "Maven", "g:a", "1.0.0-alpha").ShouldBe(OsvVerdict.NotAffected);
        OsvEvaluation.Evaluate(record, "Maven", "g:a", "1.0.0.Final").ShouldBe(OsvVerdict.Unknown);
    }
}
