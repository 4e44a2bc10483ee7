using AtomicDevOps.Activities.Tools.Blobs;

namespace AtomicDevOps.Activities.Tests.Tools.Blobs;

public sealed class BlobContainerAddressTests
{
    [Theory]
    [InlineData("https://stdevops.blob.core.windows.net/artifacts", false)]
    [InlineData("https://stdevops.blob.core.windows.net/artifacts/", false)]
    [InlineData("https://stdevops.blob.core.usgovcloudapi.net/a-1", false)]
    [InlineData("http://127.0.0.1:10000/devstoreaccount1/artifacts", true)]
    [InlineData("https://127.0.0.1:10000/devstoreaccount1/artifacts", true)]
    [InlineData("http://[::1]:10000/devstoreaccount1/artifacts", true)]
    [InlineData("http://127.0.0.1:10000/other/artifacts", false)]
    [InlineData("https://stdevops.blob.core.windows.net/devstoreaccount1", false)]
    public void An_address_names_a_container_and_the_published_account_is_known_on_loopback_only(string text, bool isPublished)
    {
        BlobContainerAddress.FindProblem("Logs:Container", text).ShouldBeNull();
        (BlobContainerAddress.Parse(text).PublishedAccount is not null).ShouldBe(isPublished);
    }

    [Theory]
    [InlineData("")]
    [InlineData("artifacts")]
    [InlineData("/var/artifacts")]
    [InlineData("ftp://stdevops.blob.core.windows.net/artifacts")]
    [InlineData("http://stdevops.blob.core.windows.net/artifacts")]
    [InlineData("https://stdevops.blob.core.windows.net")]
    [InlineData("https://stdevops.blob.core.windows.net/artifacts/run")]
    [InlineData("https://stdevops.blob.core.windows.net/Artifacts")]
    [InlineData("https://stdevops.blob.core.windows.net/a")]
    [InlineData("https://stdevops.blob.core.windows.net/a--b")]
    [InlineData("http://127.0.0.1:10000/artifacts")]
    [InlineData("http://localhost:10000/devstoreaccount1/artifacts")]
    public void What_is_no_such_address_is_told_by_the_setting_with_what_would_be_right(string text)
    {
        BlobContainerAddress.FindProblem("Logs:Container", text).ShouldNotBeNull().ShouldStartWith("Logs:Container ");
        Should.Throw<FormatException>(() => BlobContainerAddress.Parse(text));
    }

    [Theory]
    [InlineData("https://stdevops.blob.core.windows.net/artifacts?sv=2024&sig=c2lnbmF0dXJl")]
    [InlineData("https://user:c2lnbmF0dXJl@stdevops.blob.core.windows.net/artifacts")]
    public void A_signature_is_refused_and_not_repeated(string text) =>
        BlobContainerAddress.FindProblem("Logs:Container", text).ShouldNotBeNull().ShouldNotContain("c2lnbmF0dXJl");
}
