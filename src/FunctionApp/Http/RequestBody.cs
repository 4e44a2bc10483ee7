using System.Buffers;
using System.Text.Json;
using AtomicDevOps.Primitives.Json;

namespace AtomicDevOps.FunctionApp.Http;

internal static class RequestBody
{
    /// <returns>The raw bytes, or nothing where there are more than <paramref name="limit"/>.</returns>
    public static async Task<byte[]?> ReadAsync(HttpRequest request, long limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
        {
            return null;
        }

        using var content = new MemoryStream();
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            int read;
            while ((read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0)
            {
                if (content.Length + read > limit)
                {
                    return null;
                }

                content.Write(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return content.ToArray();
    }

    /// <summary>Reads a small JSON object.</summary>
    /// <returns>The object, or the answer that says what is wrong with the body.</returns>
    public static async Task<(T? Value, IResult? Problem)> ReadJsonAsync<T>(HttpRequest request, string example, CancellationToken cancellationToken)
        where T : class
    {
        const long Limit = 64 * 1024;
        if (await ReadAsync(request, Limit, cancellationToken) is not { } body)
        {
            return (null, Problems.TooLarge(Limit));
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body);
        }
        catch (JsonException exception)
        {
            return (null, Problems.BadRequest($"The body is not the JSON that is expected: {exception.Message} Right would be {example}."));
        }

        using (document)
        {
            try
            {
                return document.Deserialize<T>(JsonDefaults.Options) is { } value
                    ? (value, null)
                    : (null, Problems.BadRequest($"The body is null. Right would be {example}."));
            }
            catch (JsonException exception)
            {
                // Its message names the types of this program.
                return (null, Problems.BadRequest($"The body is not the JSON that is expected: what stands at {exception.Path} is of another kind. Right would be {example}."));
            }
        }
    }
}
