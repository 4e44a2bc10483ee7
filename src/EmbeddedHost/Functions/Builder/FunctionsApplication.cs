namespace Microsoft.Azure.Functions.Worker.Builder;

public class FunctionsApplication
{
    /// <summary>A host with the functions of the entry assembly and of the projects that it references.</summary>
    /// <param name="args">The command line: configuration as <c>--key value</c>, among it <c>--urls</c> and <c>--port</c>.</param>
    public static FunctionsApplicationBuilder CreateBuilder(string[] args) => new(args);
}
