using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Who may call an HTTP function.</summary>
public enum AuthorizationLevel
{
    /// <summary>Anyone.</summary>
    Anonymous = 0,

    /// <summary>A signed-in user; needs the platform's authentication, so the embedded host refuses it at start-up.</summary>
    User = 1,

    /// <summary>Who has a key of the function, a host key, or the master key.</summary>
    Function = 2,

    /// <summary>Who has a system key or the master key.</summary>
    System = 3,

    /// <summary>Who has the master key.</summary>
    Admin = 4,
}

/// <summary>Starts a function by an HTTP request to <c>/{routePrefix}/{Route}</c>.</summary>
public sealed class HttpTriggerAttribute : TriggerBindingAttribute
{
    /// <summary>Any method, <see cref="AuthorizationLevel.Function"/>.</summary>
    public HttpTriggerAttribute() => AuthLevel = AuthorizationLevel.Function;

    /// <summary>The methods given, <see cref="AuthorizationLevel.Anonymous"/> (as in the real package).</summary>
    public HttpTriggerAttribute(params string[] methods) => Methods = methods;

    /// <summary>Any method.</summary>
    public HttpTriggerAttribute(AuthorizationLevel authLevel) => AuthLevel = authLevel;

    public HttpTriggerAttribute(AuthorizationLevel authLevel, params string[] methods)
    {
        AuthLevel = authLevel;
        Methods = methods;
    }

    /// <summary>An ASP.NET Core route template without the prefix; the function's name when null.</summary>
    public string? Route { get; set; }

    /// <summary>Null or empty: every method.</summary>
    public string[]? Methods { get; }

    public AuthorizationLevel AuthLevel { get; }
}
