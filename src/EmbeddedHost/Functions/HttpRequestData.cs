namespace Microsoft.Azure.Functions.Worker.Http;

/// <summary>An HTTP request as the worker's own type; functions of this host take ASP.NET Core's <c>HttpRequest</c>.</summary>
public abstract class HttpRequestData
{
    protected HttpRequestData(FunctionContext functionContext)
    {
        ArgumentNullException.ThrowIfNull(functionContext);
        FunctionContext = functionContext;
    }

    public FunctionContext FunctionContext { get; }

    /// <summary>The whole address, as the client sent it.</summary>
    public abstract Uri Url { get; }

    public abstract string Method { get; }
}
