using AtomicDevOps.Activities.Pipelines;

namespace AtomicDevOps.Activities.Tests.Pipelines;

public sealed class ApplicationConfigurationTests
{
    [Fact]
    public void A_repository_says_where_its_application_answers()
    {
        var application = PipelineConfigurationReader.Read("security:\n  application:\n    port: 5000\n    path: /shop/\n    command: [python3, -m, shop]\n").Configuration!.Security.Application;

        application.ShouldNotBeNull();
        (application.Port, application.Path).ShouldBe((5000, "/shop/"));
        application.Command.ShouldBe(["python3", "-m", "shop"]);
    }

    [Fact]
    public void A_repository_that_says_nothing_has_no_application() =>
        PipelineConfigurationReader.Read("security:\n  threshold: high\n").Configuration!.Security.Application.ShouldBeNull();

    [Theory]
    [InlineData("port: 0", "a whole number from 1 to 65535")]
    [InlineData("port: 99999", "a whole number from 1 to 65535")]
    [InlineData("path: shop", "a URL's path without query")]
    [InlineData("path: //example.com/", "a URL's path without query")]
    [InlineData("path: /shop?next=1", "a URL's path without query")]
    [InlineData("path: \"/a b\"", "a URL's path without query")]
    [InlineData("host: example.com", "is not a key of «application»")]
    public void What_is_wrong_is_told_with_what_would_be_right(string line, string problem) =>
        PipelineConfigurationReader.Read($"security:\n  application:\n    {line}\n").Problems.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            told => told.Message.ShouldContain(problem),
            told => told.Line.ShouldBe(3));
}
