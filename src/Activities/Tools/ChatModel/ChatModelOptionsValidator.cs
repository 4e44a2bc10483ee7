using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.ChatModel;

internal sealed class ChatModelOptionsValidator : IValidateOptions<ChatModelOptions>
{
    public ValidateOptionsResult Validate(string? name, ChatModelOptions options)
    {
        var problems = FindProblems(options).ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static IEnumerable<string> FindProblems(ChatModelOptions options)
    {
        if (!Enum.IsDefined(options.Provider))
        {
            yield return $"ChatModel:Provider is '{options.Provider}'; right would be {string.Join(" or ", Enum.GetNames<ChatModelProvider>())}.";
        }

        foreach (var problem in FindAddressProblems(options))
        {
            yield return problem;
        }

        if (options.ApiKey is { } key && (string.IsNullOrWhiteSpace(key) || key.Any(character => character is <= ' ' or > '~')))
        {
            yield return "ChatModel:ApiKey is empty or holds a character that no key has, such as a space or a line's end.";
        }

        if (options.IsConfigured && options.ApiKey is null && (options.Endpoint is null || options.Provider == ChatModelProvider.Anthropic))
        {
            yield return $"ChatModel:Model is set and ChatModel:ApiKey is not; {options.Address.Host} answers nobody without a key.";
        }

        if (options.MaxOutputTokens is < 256 or > 65_536)
        {
            yield return $"ChatModel:MaxOutputTokens is {options.MaxOutputTokens}; right would be 256 to 65536.";
        }

        if (options.Temperature is not (null or (>= 0 and <= 2)))
        {
            yield return $"ChatModel:Temperature is {options.Temperature}; right would be 0 to 2, or empty where the model takes none.";
        }

        if (options.Timeout < TimeSpan.FromSeconds(1) || options.Timeout > TimeSpan.FromMinutes(30))
        {
            yield return $"ChatModel:Timeout is {options.Timeout}; right would be 00:00:01 to 00:30:00.";
        }

        if (options.ThrottleWait < TimeSpan.Zero || options.ThrottleWait > TimeSpan.FromMinutes(15))
        {
            yield return $"ChatModel:ThrottleWait is {options.ThrottleWait}; right would be 00:00:00 to 00:15:00.";
        }
    }

    private static IEnumerable<string> FindAddressProblems(ChatModelOptions options)
    {
        if (options.Endpoint is not { } address)
        {
            yield break;
        }

        if (!address.IsAbsoluteUri || address.Scheme is not ("https" or "http"))
        {
            yield return $"ChatModel:Endpoint is '{address}'; right would be an address such as {OpenAIProtocol.PublicAddress}.";
            yield break;
        }

        if (address.Scheme is "http" && !address.IsLoopback)
        {
            yield return $"ChatModel:Endpoint is '{address}': source and key would cross the network in the clear. Use https; "
                + "http is for loopback addresses only.";
        }

        if (address.UserInfo.Length > 0 || address.Query.Length > 0 || address.Fragment.Length > 0)
        {
            yield return "ChatModel:Endpoint holds a user, a query or a fragment; right would be the address alone. The key belongs into ChatModel:ApiKey.";
        }
    }
}
