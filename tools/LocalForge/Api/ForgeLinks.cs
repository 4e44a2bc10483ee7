using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Api;

/// <summary>The addresses in answers: <paramref name="Web"/> for pages and git, <paramref name="Api"/> for the API; neither ends with a slash.</summary>
internal sealed record ForgeLinks(string Web, string Api)
{
    public string ApiRepository(string fullName) => $"{Api}/repos/{fullName}";

    public string WebRepository(string fullName) => $"{Web}/{fullName}";

    public string ApiUser(User user) => $"{Api}/users/{user.Login}";
}
